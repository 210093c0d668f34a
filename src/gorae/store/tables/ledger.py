"""Rows of measured sizes and last uses."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """`kind`: container or volume; `key`: its id or name."""

    kind: str
    key: str
    size_bytes: int
    inodes: int
    measured_ns: int


def measured(tx: Tx) -> dict[tuple[str, str], MeasuredRow]:
    """Every figure, by kind and key."""
    rows = tx.execute("SELECT kind, key, size_bytes, inodes, measured_ns FROM measured")
    found = [MeasuredRow(*row) for row in rows]
    return {(one.kind, one.key): one for one in found}


def put_measured(tx: Tx, rows: Iterable[MeasuredRow]) -> None:
    """Write figures over older ones."""
    for row in rows:
        tx.execute(
            "INSERT OR REPLACE INTO measured (kind, key, size_bytes, inodes, measured_ns)"
            " VALUES (?, ?, ?, ?, ?)",
            astuple(row),
        )


def forget(tx: Tx, kind: str, key: str) -> None:
    """The object is gone."""
    tx.execute("DELETE FROM measured WHERE kind = ? AND key = ?", (kind, key))
    tx.execute("DELETE FROM last_use WHERE kind = ? AND key = ?", (kind, key))


def note_use(tx: Tx, kind: str, key: str, used_ns: int) -> None:
    """It was used then; an older moment changes nothing."""
    tx.execute(
        "INSERT INTO last_use (kind, key, used_ns) VALUES (?, ?, ?)"
        " ON CONFLICT (kind, key) DO UPDATE SET used_ns = max(used_ns, excluded.used_ns)",
        (kind, key, used_ns),
    )


def last_uses(tx: Tx) -> dict[tuple[str, str], int]:
    """When each was last used, by kind and key."""
    rows = tx.execute("SELECT kind, key, used_ns FROM last_use")
    return {(kind, key): used_ns for kind, key, used_ns in rows}
