"""Commands of `gorae build` and `gorae builder`: a client of `POST /gorae/build`."""
