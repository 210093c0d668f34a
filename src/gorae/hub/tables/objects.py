"""Rows of objects: where an object store keeps a blob."""

from gorae.store.db import Tx


def insert(tx: Tx, location: str, digest: str) -> None:
    """An object is a blob's."""
    tx.execute("INSERT INTO hub_object (location, digest) VALUES (?, ?)", (location, digest))


def of_digest(tx: Tx, digest: str) -> str | None:
    """The object of a digest."""
    row = tx.execute(
        "SELECT location FROM hub_object WHERE digest = ? AND removed = 0", (digest,)
    ).fetchone()
    return row[0] if row else None


def is_live(tx: Tx, location: str) -> bool:
    """Whether an object is a blob's."""
    row = tx.execute(
        "SELECT 1 FROM hub_object WHERE location = ? AND removed = 0", (location,)
    ).fetchone()
    return row is not None


def mark_removed(tx: Tx, digest: str) -> None:
    """The digest's object is to go."""
    tx.execute("UPDATE hub_object SET removed = 1 WHERE digest = ?", (digest,))


def removed(tx: Tx) -> list[str]:
    """Objects that are to go."""
    return [row[0] for row in tx.execute("SELECT location FROM hub_object WHERE removed = 1")]


def delete(tx: Tx, location: str) -> None:
    """It is gone."""
    tx.execute("DELETE FROM hub_object WHERE location = ?", (location,))
