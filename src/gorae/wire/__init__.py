"""The Engine API's JSON and stream framing as values.

Owns: one Struct per document of the API (Docker's names live here and nowhere below), the one door
for JSON (`codec`), the frames of multiplexed streams (`stdcopy`), versions of the API, filters,
detach keys. Pure: no I/O, no clock. Never: the engine's types. Called by `api`.
"""
