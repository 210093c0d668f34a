"""Rows of images, their names and where they came from."""

import time
from dataclasses import dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image; `size_bytes` of its unpacked layers."""

    id: str
    manifest: str
    chain_id: str
    size_bytes: int
    created_ns: int
    tagged_ns: int


_COLUMNS = "id, manifest, chain_id, size_bytes, created_ns, tagged_ns"


def get(tx: Tx, image_id: str) -> ImageRow | None:
    """One image by its full id."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM image WHERE id = ?", (image_id,)).fetchone()
    return ImageRow(*row) if row else None


def by_name(tx: Tx, name: str) -> str | None:
    """The id behind a normalized name with tag."""
    row = tx.execute("SELECT image_id FROM image_name WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def by_prefix(tx: Tx, prefix: str) -> list[str]:
    """Ids that begin with `sha256:<prefix>`; two at the most."""
    first = f"sha256:{prefix}"
    rows = tx.execute("SELECT id FROM image WHERE id >= ? AND id < ? LIMIT 2", (first, first + "g"))
    return [row[0] for row in rows]


def by_repo_digest(tx: Tx, repository: str, digest: str) -> str | None:
    """The id behind `repository@digest`."""
    row = tx.execute(
        "SELECT image_id FROM repo_digest WHERE repository = ? AND digest = ?",
        (repository, digest),
    ).fetchone()
    return row[0] if row else None


def all_rows(tx: Tx) -> list[ImageRow]:
    """Every image."""
    return [ImageRow(*row) for row in tx.execute(f"SELECT {_COLUMNS} FROM image")]


def names(tx: Tx) -> list[tuple[str, str]]:
    """(name, image id) of every name."""
    return list(tx.execute("SELECT name, image_id FROM image_name ORDER BY name"))


def repo_digests(tx: Tx) -> list[tuple[str, str, str]]:
    """(repository, digest, image id) of every one."""
    return list(
        tx.execute(
            "SELECT repository, digest, image_id FROM repo_digest ORDER BY repository, digest"
        )
    )


def insert(tx: Tx, row: ImageRow) -> None:
    """Add an image; there already is fine."""
    tx.execute(
        f"INSERT OR IGNORE INTO image ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        (row.id, row.manifest, row.chain_id, row.size_bytes, row.created_ns, row.tagged_ns),
    )


def set_manifest(tx: Tx, image_id: str, manifest: str) -> None:
    """Let an image be described by another manifest of the same config."""
    tx.execute("UPDATE image SET manifest = ? WHERE id = ?", (manifest, image_id))


def set_name(tx: Tx, name: str, image_id: str) -> str | None:
    """Let a name mean an image; the id it meant before."""
    before = by_name(tx, name)
    now = time.time_ns()
    tx.execute(
        "INSERT INTO image_name (name, image_id, created_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id, created_ns = excluded.created_ns",
        (name, image_id, now),
    )
    tx.execute("UPDATE image SET tagged_ns = ? WHERE id = ?", (now, image_id))
    return before


def delete_name(tx: Tx, name: str) -> None:
    """Forget a name."""
    tx.execute("DELETE FROM image_name WHERE name = ?", (name,))


def add_repo_digest(tx: Tx, repository: str, digest: str, image_id: str) -> None:
    """The image is known as `repository@digest`."""
    tx.execute(
        "INSERT OR REPLACE INTO repo_digest (repository, digest, image_id) VALUES (?, ?, ?)",
        (repository, digest, image_id),
    )


def delete_repo_digest(tx: Tx, repository: str, digest: str) -> None:
    """Not any more."""
    tx.execute("DELETE FROM repo_digest WHERE repository = ? AND digest = ?", (repository, digest))


def delete(tx: Tx, image_id: str) -> None:
    """Forget an image with its names."""
    tx.execute("DELETE FROM image_name WHERE image_id = ?", (image_id,))
    tx.execute("DELETE FROM repo_digest WHERE image_id = ?", (image_id,))
    tx.execute("DELETE FROM image WHERE id = ?", (image_id,))
