"""Rows of manifests and tags."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """See the schema; `annotations` is a JSON object."""

    repository: str
    digest: str
    media_type: str
    artifact_type: str
    subject: str
    annotations: str
    platform: str
    size_bytes: int
    total_bytes: int
    pushed_by: str
    pushed_ns: int


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag with what it names."""

    name: str
    digest: str
    pushed_by: str
    pushed_ns: int


_COLUMNS = (
    "repository, digest, media_type, artifact_type, subject, annotations, platform, size_bytes, "
    "total_bytes, pushed_by, pushed_ns"
)
_TAG = "name, digest, pushed_by, pushed_ns"


def get(tx: Tx, repository: str, digest: str) -> ManifestRow | None:
    """One manifest of a repository."""
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_manifest WHERE repository = ? AND digest = ?",
        (repository, digest),
    ).fetchone()
    return ManifestRow(*row) if row else None


def put(tx: Tx, row: ManifestRow) -> None:
    """Add a manifest; one that is there stays as it is."""
    tx.execute(
        f"INSERT INTO hub_manifest ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        astuple(row),
    )


def delete(tx: Tx, repository: str, digest: str) -> bool:
    """Forget a manifest and its tags; whether it was there."""
    tx.execute("DELETE FROM hub_tag WHERE repository = ? AND digest = ?", (repository, digest))
    done = tx.execute(
        "DELETE FROM hub_manifest WHERE repository = ? AND digest = ?", (repository, digest)
    )
    return done.rowcount == 1


def of_repository(tx: Tx, repository: str) -> list[ManifestRow]:
    """All manifests of a repository, newest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_manifest WHERE repository = ? ORDER BY pushed_ns DESC",
        (repository,),
    )
    return [ManifestRow(*row) for row in rows]


def referrers(
    tx: Tx, repository: str, subject: str, artifact_type: str, last: str, limit: int
) -> list[ManifestRow]:
    """Manifests that refer to a subject, by digest; `artifact_type` empty: of any type."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_manifest WHERE repository = ? AND subject = ? AND digest > ? "
        "AND (? = '' OR artifact_type = ?) ORDER BY digest LIMIT ?",
        (repository, subject, last, artifact_type, artifact_type, limit),
    )
    return [ManifestRow(*row) for row in rows]


def user_of(tx: Tx, repository: str, digest: str) -> str | None:
    """A manifest of the repository that refers to a blob or a manifest, None if none does."""
    row = tx.execute(
        "SELECT m.digest FROM hub_manifest m JOIN edge e ON e.parent = m.digest "
        "WHERE m.repository = ? AND e.child = ? LIMIT 1",
        (repository, digest),
    ).fetchone()
    return row[0] if row else None


def tag(tx: Tx, repository: str, name: str) -> TagRow | None:
    """One tag."""
    row = tx.execute(
        f"SELECT {_TAG} FROM hub_tag WHERE repository = ? AND name = ?", (repository, name)
    ).fetchone()
    return TagRow(*row) if row else None


def set_tag(tx: Tx, repository: str, row: TagRow) -> None:
    """Let a tag name a manifest."""
    tx.execute(
        f"INSERT INTO hub_tag (repository, {_TAG}) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, "
        "pushed_by = excluded.pushed_by, pushed_ns = excluded.pushed_ns",
        (repository, *astuple(row)),
    )


def delete_tag(tx: Tx, repository: str, name: str) -> bool:
    """Forget a tag; whether it was there."""
    done = tx.execute("DELETE FROM hub_tag WHERE repository = ? AND name = ?", (repository, name))
    return done.rowcount == 1


def tag_names(tx: Tx, repository: str, last: str, limit: int) -> list[str]:
    """Tags after `last` in lexical order, which for the specification is without regard to case."""
    if last:
        rows = tx.execute(
            "SELECT name FROM hub_tag WHERE repository = ? AND (lower(name), name) > (lower(?), ?) "
            "ORDER BY lower(name), name LIMIT ?",
            (repository, last, last, limit),
        )
    else:
        rows = tx.execute(
            "SELECT name FROM hub_tag WHERE repository = ? ORDER BY lower(name), name LIMIT ?",
            (repository, limit),
        )
    return [row[0] for row in rows]


def tags(tx: Tx, repository: str) -> list[TagRow]:
    """All tags, newest first."""
    rows = tx.execute(
        f"SELECT {_TAG} FROM hub_tag WHERE repository = ? ORDER BY pushed_ns DESC, name",
        (repository,),
    )
    return [TagRow(*row) for row in rows]


def untagged(tx: Tx, before_ns: int) -> list[tuple[str, str]]:
    """(repository, digest) of old manifests with no tag, no parent in their repository and no subject there."""
    rows = tx.execute(
        "SELECT m.repository, m.digest FROM hub_manifest m WHERE m.pushed_ns < ? "
        "AND NOT EXISTS (SELECT 1 FROM hub_tag t WHERE t.repository = m.repository AND t.digest = m.digest) "
        "AND NOT EXISTS (SELECT 1 FROM edge e JOIN hub_manifest p ON p.digest = e.parent "
        "WHERE e.child = m.digest AND p.repository = m.repository) "
        "AND NOT EXISTS (SELECT 1 FROM hub_manifest s WHERE s.repository = m.repository "
        "AND s.digest = m.subject)",
        (before_ns,),
    )
    return [(row[0], row[1]) for row in rows]
