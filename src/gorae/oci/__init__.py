"""The vocabulary of the OCI specifications and its canonical bytes.

Owns: digest, reference, descriptor, manifest, config, platform, layer ids; a parsed value and the bytes it came
from, together. Never: I/O, the clock. Called by everybody on the engine's side.
"""
