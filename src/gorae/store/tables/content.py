"""Rows of blobs, of what refers to them, and of the blobs that carry a layer."""

import time

from gorae.store.db import Tx


def insert(tx: Tx, digest: str, size_bytes: int) -> None:
    """Say that a blob is whole; there already is fine."""
    tx.execute(
        "INSERT INTO content (digest, size_bytes, created_ns) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (digest, size_bytes, time.time_ns()),
    )


def size(tx: Tx, digest: str) -> int | None:
    """Bytes of a blob, None when it is not here."""
    row = tx.execute("SELECT size_bytes FROM content WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row else None


def all_rows(tx: Tx) -> list[tuple[str, int]]:
    """(digest, bytes) of every blob."""
    return list(tx.execute("SELECT digest, size_bytes FROM content"))


def delete(tx: Tx, digest: str) -> None:
    """Forget a blob."""
    tx.execute("DELETE FROM content WHERE digest = ?", (digest,))
    tx.execute("DELETE FROM layer_blob WHERE digest = ?", (digest,))


def add_edge(tx: Tx, parent: str, child: str) -> None:
    """`parent` keeps `child` alive."""
    tx.execute(
        "INSERT INTO edge (parent, child) VALUES (?, ?) ON CONFLICT DO NOTHING", (parent, child)
    )


def edges(tx: Tx) -> list[tuple[str, str]]:
    """Every (parent, child)."""
    return list(tx.execute("SELECT parent, child FROM edge"))


def delete_edges(tx: Tx, parent: str) -> None:
    """`parent` keeps nothing alive any more."""
    tx.execute("DELETE FROM edge WHERE parent = ?", (parent,))


def add_layer_blob(tx: Tx, diff_id: str, digest: str, media_type: str) -> None:
    """`digest` carries the layer of `diff_id`."""
    tx.execute(
        "INSERT OR IGNORE INTO layer_blob (diff_id, digest, media_type) VALUES (?, ?, ?)",
        (diff_id, digest, media_type),
    )


def layer_blobs(tx: Tx, diff_id: str) -> list[tuple[str, str]]:
    """(digest, media type) of the blobs here that carry a layer."""
    return list(
        tx.execute(
            "SELECT b.digest, b.media_type FROM layer_blob b JOIN content c ON c.digest = b.digest "
            "WHERE b.diff_id = ? ORDER BY c.created_ns",
            (diff_id,),
        )
    )
