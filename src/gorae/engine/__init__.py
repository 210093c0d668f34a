"""What Docker means: containers, images, volumes, networks, execs, events, prune, names, restart, stats, logs.

Owns: the states of things and the locks around them. Never: system calls, SQL text, JSON, HTTP. Called by `api`
and wired by `daemon`; asks `store`, `runtime` and `net` to act.
"""
