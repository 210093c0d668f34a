"""Rows of containers' ends."""

from dataclasses import dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class EndingRow:
    """One row; `document` is the engine's JSON text."""

    container_id: str
    name: str
    ended_ns: int
    document: str


def insert(tx: Tx, row: EndingRow, *, keep: int, since_ns: int) -> None:
    """Add one; those older than `since_ns`, and all but the newest `keep`, go."""
    tx.execute(
        "INSERT INTO ending (container_id, name, ended_ns, document) VALUES (?, ?, ?, ?)",
        (row.container_id, row.name, row.ended_ns, row.document),
    )
    tx.execute("DELETE FROM ending WHERE ended_ns < ?", (since_ns,))
    tx.execute("DELETE FROM ending WHERE number <= (SELECT max(number) FROM ending) - ?", (keep,))


def newest(tx: Tx, ref: str) -> EndingRow | None:
    """The last end of a container named by id, the id's beginning, or its name then."""
    found = tx.execute(
        "SELECT container_id, name, ended_ns, document FROM ending "
        "WHERE name = ?1 OR (length(?1) >= 4 AND substr(container_id, 1, length(?1)) = ?1) "
        "ORDER BY ended_ns DESC LIMIT 1",
        (ref,),
    ).fetchone()
    return EndingRow(*found) if found else None
