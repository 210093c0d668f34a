"""The Engine API from the other end: addresses, HTTP over a socket, hijacked streams, errors.

Owns: how bytes travel to an engine and back. Never: options, formats, what a command means, anything of the
engine's side. Called by `cli`, `compose` and `web`. Start time is a feature here: nothing beyond the
interpreter's own C modules (`_socket`, `_json`) and `os` is imported before it is used.
"""
