"""From instructions to snapshots, and the reuse of those that are there.

Owns: the graph, the cache's keys, contexts, the execution of steps, the making of the image. Never: the Dockerfile's
grammar (`dockerfile`), HTTP, images' names. Called by `engine`, which fills in what is declared here as Protocols.
"""
