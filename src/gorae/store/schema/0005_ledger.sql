-- Sizes that are found by walking: of containers' writable layers and of volumes, and when that was.
CREATE TABLE measured (
    kind TEXT NOT NULL CHECK (kind IN ('container', 'volume')),
    key TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    inodes INTEGER NOT NULL,
    measured_ns INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- When a container that is gone last used an image or a volume; those that are there tell it themselves.
CREATE TABLE last_use (
    kind TEXT NOT NULL CHECK (kind IN ('image', 'volume')),
    key TEXT NOT NULL,
    used_ns INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- What was removed and can be brought back. key: the id, or a volume's name; document: its row as it was (JSON).
-- batch: what one command took. A container's layer and folder stay where they are, an image's layers and blobs are
-- kept from the collector, a volume's folder is volumes/.bin-<token>.
CREATE TABLE bin (
    token TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('container', 'volume', 'image')),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    size_bytes INTEGER,
    binned_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX bin_by_key ON bin (kind, key);
