-- Networks go to the bin too. SQLite cannot change a CHECK: the table is made anew, with its rows.
CREATE TABLE bin_with_network (
    token TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('container', 'volume', 'image', 'network')),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    size_bytes INTEGER,
    binned_ns INTEGER NOT NULL
) STRICT;
INSERT INTO bin_with_network SELECT * FROM bin;
DROP TABLE bin;
ALTER TABLE bin_with_network RENAME TO bin;
CREATE INDEX bin_by_key ON bin (kind, key);
