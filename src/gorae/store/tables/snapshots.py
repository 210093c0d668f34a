"""Rows of snapshots."""

import time
from dataclasses import dataclass

from gorae.errors import NotFound
from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One row; `number` names its directory."""

    key: str
    number: int
    kind: str
    parent: str | None
    size_bytes: int
    inodes: int
    created_ns: int


_COLUMNS = "key, number, kind, parent, size_bytes, inodes, created_ns"


def get(tx: Tx, key: str) -> SnapshotRow | None:
    """One snapshot."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM snapshot WHERE key = ?", (key,)).fetchone()
    return SnapshotRow(*row) if row else None


def all_rows(tx: Tx) -> list[SnapshotRow]:
    """Every snapshot."""
    return [SnapshotRow(*row) for row in tx.execute(f"SELECT {_COLUMNS} FROM snapshot")]


def insert(tx: Tx, key: str, kind: str, parent: str | None) -> int:
    """Add a snapshot; the number of its directory, never used before in this store's life."""
    (number,) = tx.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM snapshot").fetchone()
    (kept,) = tx.execute(
        "SELECT COALESCE(MAX(CAST(value AS INTEGER)), 0) FROM fact WHERE name = 'last snapshot'"
    ).fetchone()
    number = max(number, kept + 1)
    tx.execute(
        "INSERT INTO snapshot (key, number, kind, parent, created_ns) VALUES (?, ?, ?, ?, ?)",
        (key, number, kind, parent, time.time_ns()),
    )
    tx.execute(
        "INSERT INTO fact (name, value) VALUES ('last snapshot', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (str(number),),
    )
    return int(number)


def commit(tx: Tx, key: str, chain_id: str, size_bytes: int, inodes: int) -> None:
    """An active snapshot becomes the committed one of that chain id."""
    tx.execute(
        "UPDATE snapshot SET key = ?, kind = 'committed', size_bytes = ?, inodes = ? WHERE key = ?",
        (chain_id, size_bytes, inodes, key),
    )


def set_parent(tx: Tx, key: str, parent: str) -> None:
    """Stand a snapshot on another. Raises: NotFound: that is not there."""
    below = get(tx, parent)
    if below is None or below.kind != "committed":
        raise NotFound(f'snapshot "{parent}" is not there')
    tx.execute("UPDATE snapshot SET parent = ? WHERE key = ?", (parent, key))


def delete(tx: Tx, key: str) -> None:
    """Forget a snapshot; it may have no children."""
    tx.execute("DELETE FROM snapshot WHERE key = ?", (key,))


def delete_unowned(tx: Tx) -> None:
    """Forget what was being written and is no container's, nor that of one in the bin.

    The key is the container's id, and of an image that it mounts the id and the place.
    """
    tx.execute(
        "DELETE FROM snapshot WHERE kind <> 'committed' AND substr(key, 1, 64) NOT IN"
        " (SELECT id FROM container UNION SELECT key FROM bin WHERE kind = 'container')"
    )


def has_children(tx: Tx, key: str) -> bool:
    """Whether another snapshot stands on it."""
    row = tx.execute("SELECT 1 FROM snapshot WHERE parent = ? LIMIT 1", (key,)).fetchone()
    return row is not None


def keys(tx: Tx, prefix: str) -> list[str]:
    """The keys that begin with `prefix`, which is plain ASCII."""
    found = tx.execute(
        "SELECT key FROM snapshot WHERE key >= ? AND key < ?", (prefix, prefix + "\x7f")
    )
    return [row[0] for row in found]


def numbers_below(tx: Tx, key: str) -> list[int]:
    """The numbers of a snapshot's parents, nearest first."""
    rows = tx.execute(
        "WITH RECURSIVE chain (key, number, parent, depth) AS ("
        "  SELECT key, number, parent, 0 FROM snapshot WHERE key = ?"
        "  UNION ALL"
        "  SELECT s.key, s.number, s.parent, depth + 1 FROM snapshot s JOIN chain c ON s.key = c.parent"
        ") SELECT number FROM chain WHERE depth > 0 ORDER BY depth",
        (key,),
    )
    return [row[0] for row in rows]
