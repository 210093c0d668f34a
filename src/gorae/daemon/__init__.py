"""The composition root: configuration, the one place where parts are wired, listening, signals, restore.

Owns: goraed's flags and config file, `assemble`, sockets, the event loop's life. Never: behaviour of its own. Called by
nobody; it is the program.
"""
