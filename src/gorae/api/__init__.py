"""The Engine API on aiohttp: URL -> service call -> JSON.

Owns: the path table, versions, headers, streams and the hijack, the map from error classes to HTTP,
the translation between `wire` documents and the engine's values. Never: decisions about containers.
Called by `daemon`, which gives it the engine's services.
"""
