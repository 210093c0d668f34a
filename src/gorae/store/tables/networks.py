"""Rows of networks."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """One row; `spec` is the engine's JSON text."""

    id: str
    name: str
    created_ns: int
    spec: str


def all_rows(tx: Tx) -> list[NetworkRow]:
    """Every network, oldest first."""
    rows = tx.execute("SELECT id, name, created_ns, spec FROM network ORDER BY created_ns")
    return [NetworkRow(*row) for row in rows]


def insert(tx: Tx, row: NetworkRow) -> None:
    """Add a network."""
    tx.execute("INSERT INTO network (id, name, created_ns, spec) VALUES (?, ?, ?, ?)", astuple(row))


def delete(tx: Tx, network_id: str) -> None:
    """Forget a network."""
    tx.execute("DELETE FROM network WHERE id = ?", (network_id,))
