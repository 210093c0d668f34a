-- What the secret guard found in the layer of a build step's result (JSON): places and kinds, never a value.
CREATE TABLE build_leak (
    key TEXT PRIMARY KEY REFERENCES build_cache (key) ON DELETE CASCADE,
    document TEXT NOT NULL
) STRICT;
