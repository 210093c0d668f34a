"""The `gorae` command: options, formats, terminals, exit codes.

Owns: what a user types and reads. Never: the engine's insides; everything goes through `client`. Called by
nobody. Modules are found by the noun that a user types (`container/`, `image/`, `network/`, `volume/`,
`system/`) and imported when their command runs; `commands` is the table.
"""
