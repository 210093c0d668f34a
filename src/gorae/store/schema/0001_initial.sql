-- Blobs whose file under content/blobs is whole: written only after the file was verified and renamed.
CREATE TABLE content (
    digest TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    created_ns INTEGER NOT NULL
) STRICT;

-- What keeps what alive, for the collector: a manifest its config and layers, an image its manifest.
CREATE TABLE edge (
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_by_child ON edge (child);

-- File system states. number: the directory under snapshots/. kind: active, view, or committed, whose key is
-- the chain id. parent: the key of the one below. An active one's directory may be half made: it has no readers.
CREATE TABLE snapshot (
    key TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('active', 'view', 'committed')),
    parent TEXT REFERENCES snapshot (key),
    size_bytes INTEGER NOT NULL DEFAULT 0,
    inodes INTEGER NOT NULL DEFAULT 0,
    created_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX snapshot_by_parent ON snapshot (parent);

-- Images by id, which is their config's digest. manifest: the digest of the manifest they came with.
CREATE TABLE image (
    id TEXT PRIMARY KEY,
    manifest TEXT NOT NULL,
    chain_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    tagged_ns INTEGER NOT NULL
) STRICT;

-- Names of images: normalized, with a tag.
CREATE TABLE image_name (
    name TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES image (id),
    created_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX image_name_by_image ON image_name (image_id);

-- Where an image was pulled from or pushed to: normalized repository and manifest digest.
CREATE TABLE repo_digest (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    image_id TEXT NOT NULL REFERENCES image (id),
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;

-- Which blob carries a layer: the digest of the blob as stored for the diff_id of its tar.
CREATE TABLE layer_blob (
    diff_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    PRIMARY KEY (diff_id, digest)
) STRICT, WITHOUT ROWID;

-- Holders of work under way: what they list is not collected before they end or expire.
CREATE TABLE lease (
    id TEXT PRIMARY KEY,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE lease_item (
    lease_id TEXT NOT NULL REFERENCES lease (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('content', 'snapshot')),
    key TEXT NOT NULL,
    PRIMARY KEY (lease_id, kind, key)
) STRICT, WITHOUT ROWID;

-- Containers. spec and state: the engine's documents; request: the API's own create document.
CREATE TABLE container (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    image_id TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    spec TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- Networks, the predefined ones too. spec: the engine's document.
CREATE TABLE network (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_ns INTEGER NOT NULL,
    spec TEXT NOT NULL
) STRICT;

-- Volumes; labels and options are JSON objects. container_id, image_id: who made an anonymous one.
CREATE TABLE volume (
    name TEXT PRIMARY KEY,
    driver TEXT NOT NULL,
    labels TEXT NOT NULL,
    options TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    anonymous INTEGER NOT NULL,
    container_id TEXT,
    image_id TEXT
) STRICT;

-- Facts of the store itself: its identity.
CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
