-- Steps that failed, kept for an hour so that a shell can be opened in their state. id: the build's; snapshot: what the
-- step left, empty when it left nothing; document: the step itself (JSON). A lease of the same name holds the layers.
CREATE TABLE build_failure (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
