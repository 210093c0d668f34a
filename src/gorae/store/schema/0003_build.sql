-- Layers whose archive is not kept: it is packed again from the snapshot `chain_id` when it is wanted, and must then
-- have this digest and size. writer: which form of the bytes (store.archive.pack.WRITER).
CREATE TABLE layer_source (
    diff_id TEXT NOT NULL,
    chain_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    writer INTEGER NOT NULL,
    PRIMARY KEY (diff_id, chain_id)
) STRICT, WITHOUT ROWID;

-- Committed snapshots whose files may not be on the disk yet, and in which life of the kernel that was: in a later
-- life they cannot be trusted.
CREATE TABLE unsynced (
    snapshot TEXT PRIMARY KEY,
    boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Results of build steps. key: digest of what went into the step; parts: the same as named parts (JSON), so that a
-- miss is told by the difference of two rows. slot: which step of which build, to find what to compare with.
-- snapshot: chain id of the file system after the step; diff_id: of the layer that the step added, empty for none.
CREATE TABLE build_cache (
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    slot TEXT NOT NULL,
    parts TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    diff_id TEXT NOT NULL,
    parent TEXT NOT NULL,
    description TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    took_ns INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    last_used_ns INTEGER NOT NULL,
    uses INTEGER NOT NULL
) STRICT;
CREATE INDEX build_cache_by_slot ON build_cache (slot, created_ns);

-- Second names of results: a key that is known without solving the sources, for a row of build_cache.
CREATE TABLE build_alias (
    alias TEXT PRIMARY KEY,
    key TEXT NOT NULL REFERENCES build_cache (key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX build_alias_by_key ON build_alias (key);

-- What a COPY or ADD took, path by path (compressed), by the digest that stands in the parts.
CREATE TABLE build_files (
    digest TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    last_used_ns INTEGER NOT NULL
) STRICT;

-- What is known of a context folder's files from their stat data: root is device:inode of the folder.
CREATE TABLE build_stat (
    root TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    last_used_ns INTEGER NOT NULL
) STRICT;

-- Folders of RUN --mount=type=cache: directory is below build/cache.
CREATE TABLE build_mount (
    id TEXT PRIMARY KEY,
    directory TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    last_used_ns INTEGER NOT NULL,
    uses INTEGER NOT NULL
) STRICT;

-- Builds that have ended, and what became of each of their steps (JSON).
CREATE TABLE build_record (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    took_ns INTEGER NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX build_record_by_time ON build_record (created_ns);
