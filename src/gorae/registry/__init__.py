"""The distribution specification, client end: other people's registries.

Owns: endpoints, credentials and tokens, requests with their retries and redirects, blobs down and up, manifests,
signatures. Never: what an image means, which name it gets, the API. Called by the engine. Blocking.
"""
