"""Rows of containers."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class ContainerRow:
    """One row; `spec`, `request` and `state` are JSON texts of the rooms above."""

    id: str
    name: str
    image_id: str
    created_ns: int
    spec: str
    request: str
    state: str


_COLUMNS = "id, name, image_id, created_ns, spec, request, state"


def all_rows(tx: Tx) -> list[ContainerRow]:
    """Every container, oldest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM container ORDER BY created_ns")
    return [ContainerRow(*row) for row in rows]


def insert(tx: Tx, row: ContainerRow) -> None:
    """Add a container; the name and the id must be free."""
    tx.execute(f"INSERT INTO container ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(row))


def set_state(tx: Tx, container_id: str, state: str) -> None:
    """Replace the state."""
    tx.execute("UPDATE container SET state = ? WHERE id = ?", (state, container_id))


def set_spec(tx: Tx, container_id: str, spec: str, request: str) -> None:
    """Replace what update and connect change."""
    tx.execute(
        "UPDATE container SET spec = ?, request = ? WHERE id = ?", (spec, request, container_id)
    )


def rename(tx: Tx, container_id: str, name: str) -> None:
    """Give a container another name."""
    tx.execute("UPDATE container SET name = ? WHERE id = ?", (name, container_id))


def delete(tx: Tx, container_id: str) -> None:
    """Forget a container."""
    tx.execute("DELETE FROM container WHERE id = ?", (container_id,))


def image_ids(tx: Tx) -> set[str]:
    """The images that containers were made of: roots of the collector."""
    return {row[0] for row in tx.execute("SELECT DISTINCT image_id FROM container")}
