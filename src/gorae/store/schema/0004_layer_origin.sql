-- In which repositories a layer is known to be, and as which blob there: a push finds it there, or has it mounted from
-- there. made_by: what compressed it, when it was this store; empty for a blob that came from elsewhere.
CREATE TABLE layer_origin (
    diff_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    repository TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    seen_ns INTEGER NOT NULL,
    PRIMARY KEY (diff_id, digest, repository)
) STRICT, WITHOUT ROWID;
