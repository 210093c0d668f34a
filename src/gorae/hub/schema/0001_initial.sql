-- Users and organisations: who owns a namespace. kind: user or organisation. password: argon2's text, empty for an
-- organisation. quota_bytes: what its repositories may link, -1 for the hub's default. state: active or disabled.
CREATE TABLE hub_account (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'organisation')),
    full_name TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    password TEXT NOT NULL DEFAULT '',
    is_admin INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'active',
    quota_bytes INTEGER NOT NULL DEFAULT -1,
    created_ns INTEGER NOT NULL
) STRICT;

-- Who belongs to an organisation. role: owner, writer or reader.
CREATE TABLE hub_member (
    organisation TEXT NOT NULL REFERENCES hub_account (name) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES hub_account (name) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
    PRIMARY KEY (organisation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_member_by_account ON hub_member (account);

-- Repositories. namespace: the first part of the name, an account's; empty for a name of one part. visibility: public
-- or private. readme: Markdown.
CREATE TABLE hub_repository (
    name TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    description TEXT NOT NULL DEFAULT '',
    readme TEXT NOT NULL DEFAULT '',
    pulls INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX hub_repository_by_namespace ON hub_repository (namespace);

-- Manifests and indexes of a repository. subject: the digest it refers to, empty for none. artifact_type,
-- annotations: as a referrers list shows them. platform: os/architecture[/variant], empty for an index.
-- total_bytes: its config and layers. Its bytes are a blob; the link table keeps it.
CREATE TABLE hub_manifest (
    repository TEXT NOT NULL REFERENCES hub_repository (name) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    artifact_type TEXT NOT NULL,
    subject TEXT NOT NULL,
    annotations TEXT NOT NULL,
    platform TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    pushed_by TEXT NOT NULL,
    pushed_ns INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_manifest_by_subject ON hub_manifest (repository, subject);
CREATE INDEX hub_manifest_by_digest ON hub_manifest (digest);

-- Tags.
CREATE TABLE hub_tag (
    repository TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    pushed_by TEXT NOT NULL,
    pushed_ns INTEGER NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES hub_manifest (repository, digest) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_tag_by_digest ON hub_tag (repository, digest);

-- Upload sessions. size_bytes: what has arrived. state: the storage's own note.
CREATE TABLE hub_upload (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    account TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    started_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL
) STRICT;

-- Where an object store keeps a blob (a folder knows by the digest alone). removed: no row of content needs it.
CREATE TABLE hub_object (
    location TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX hub_object_by_digest ON hub_object (digest);

-- Access tokens. hash: sha256 of the secret. scopes: words of "pattern:actions" between blanks. expires_ns 0: never.
-- kind: access (made by a person) or login (made by `docker login`).
CREATE TABLE hub_token (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES hub_account (name) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'login')),
    label TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    used_ns INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX hub_token_by_account ON hub_token (account);

-- Keys that sign the registry's tokens; the newest signs, all that are here verify. pem: PKCS 8.
CREATE TABLE hub_key (
    id TEXT PRIMARY KEY,
    pem TEXT NOT NULL,
    created_ns INTEGER NOT NULL
) STRICT;

-- Browsers that are logged in. hash: sha256 of the cookie; csrf: what its forms must carry.
CREATE TABLE hub_session (
    hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES hub_account (name) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL
) STRICT;

-- Invitations to sign up. hash: sha256 of the code.
CREATE TABLE hub_invite (
    hash TEXT PRIMARY KEY,
    note TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL
) STRICT;

-- Failed logins since first_ns, for an account ("account:NAME") or an address ("address:IP").
CREATE TABLE hub_failure (
    subject TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    first_ns INTEGER NOT NULL
) STRICT;

-- Who did what: never changed, oldest rows dropped by age.
CREATE TABLE hub_audit (
    id INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX hub_audit_by_account ON hub_audit (account, id);

-- Whom to tell of pushes and deletes in a namespace. events: words between blanks. secret signs the body.
CREATE TABLE hub_webhook (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES hub_account (name) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    created_ns INTEGER NOT NULL
) STRICT;

-- Messages to be delivered. due_ns: not before; gone once delivered or given up.
CREATE TABLE hub_delivery (
    id INTEGER PRIMARY KEY,
    webhook TEXT NOT NULL REFERENCES hub_webhook (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX hub_delivery_by_due ON hub_delivery (due_ns);
