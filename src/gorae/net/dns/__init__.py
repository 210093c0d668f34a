"""Names inside user-defined networks: a server of its own process, which answers while the daemon is down.

    zone     who has which name and address in which network. Pure.
    answer   a question's bytes and the zone -> an answer, or the wish to ask further. Pure.
    forward  questions about the rest of the world, on their way to the servers that know
    server   the sockets in every container's network namespace, and the program

Each container asks 127.0.0.11, in its own namespace: which sockets a question came in by says who asks.
"""
