"""Rows of failed build steps, each with a lease that keeps what it needs for as long."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from gorae.store.db import Tx
from gorae.store.tables import leases


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One failed step; see the schema."""

    id: str
    project: str
    created_ns: int
    expires_ns: int
    snapshot: str
    document: str


_COLUMNS = "id, project, created_ns, expires_ns, snapshot, document"


def insert(tx: Tx, row: FailureRow, held: Iterable[str]) -> None:
    """Keep one, with the snapshots that it needs."""
    tx.execute(
        f"INSERT OR REPLACE INTO build_failure ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", astuple(row)
    )
    lease = _lease(row.id)
    leases.insert(tx, lease, row.expires_ns)
    for key in held:
        leases.hold(tx, lease, "snapshot", key)


def all_rows(tx: Tx) -> list[FailureRow]:
    """The newest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM build_failure ORDER BY created_ns DESC")
    return [FailureRow(*row) for row in rows]


def delete(tx: Tx, failure_id: str) -> None:
    """Let one go: the collector takes its snapshots."""
    leases.delete(tx, _lease(failure_id))
    tx.execute("DELETE FROM build_failure WHERE id = ?", (failure_id,))


def _lease(failure_id: str) -> str:
    return f"{leases.KEPT}failure-{failure_id}"
