-- What somebody beside the engine's images keeps: a hub's repositories the blobs and manifests linked in them.
-- owner: who ("hub/<repository>"). A root for the collector, and for a hub the right to show the blob there.
CREATE TABLE link (
    owner TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    PRIMARY KEY (owner, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_digest ON link (digest);
