"""Rows of links: what somebody beside the engine's images keeps, and since when."""

from gorae.store.db import Tx


def insert(tx: Tx, owner: str, digest: str, now_ns: int) -> None:
    """Keep; an older link becomes one of now."""
    tx.execute(
        "INSERT INTO link (owner, digest, created_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (owner, digest) DO UPDATE SET created_ns = excluded.created_ns",
        (owner, digest, now_ns),
    )


def created_ns(tx: Tx, owner: str, digest: str) -> int | None:
    """Since when the owner has the link, None when it has none."""
    row = tx.execute(
        "SELECT created_ns FROM link WHERE owner = ? AND digest = ?", (owner, digest)
    ).fetchone()
    return row[0] if row else None


def delete(tx: Tx, owner: str, digest: str) -> None:
    """Let go."""
    tx.execute("DELETE FROM link WHERE owner = ? AND digest = ?", (owner, digest))


def digests(tx: Tx) -> set[str]:
    """Everything that has a link."""
    return {row[0] for row in tx.execute("SELECT DISTINCT digest FROM link")}
