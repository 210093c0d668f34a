-- How containers ended, kept for a while after they are gone. document: the engine's JSON.
CREATE TABLE ending (
    number INTEGER PRIMARY KEY,
    container_id TEXT NOT NULL,
    name TEXT NOT NULL,
    ended_ns INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX ending_by_container ON ending (container_id, ended_ns);
CREATE INDEX ending_by_name ON ending (name, ended_ns);
