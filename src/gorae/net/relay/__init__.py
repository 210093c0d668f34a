"""Published ports as sockets: held, and where a rule cannot do it, served; a process of its own for the whole host.

    holder   the sockets that hold ports: bound, and listening only where connections are accepted
    flow     one connection on its way to a container and back, by splice(2)
    server   the program

It outlives the daemon: a port stays held, and a connection goes on, while the daemon is away.
"""
