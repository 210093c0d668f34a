"""Rows of volumes."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx

UNSETTLED = 2
"""Anonymous, and made for a container that has no row yet: without one it is nobody's."""


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One row; `labels` and `options` are JSON objects; `anonymous` is 0, 1, or `UNSETTLED`."""

    name: str
    driver: str
    labels: str
    options: str
    created_ns: int
    anonymous: int
    container_id: str | None
    image_id: str | None


_COLUMNS = "name, driver, labels, options, created_ns, anonymous, container_id, image_id"


def all_rows(tx: Tx) -> list[VolumeRow]:
    """Every volume, by name."""
    return [VolumeRow(*row) for row in tx.execute(f"SELECT {_COLUMNS} FROM volume ORDER BY name")]


def insert(tx: Tx, row: VolumeRow) -> None:
    """Add a volume."""
    tx.execute(f"INSERT INTO volume ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))


def settle(tx: Tx, container_id: str) -> None:
    """The container that they were made for has its row: to be called in the transaction that writes it."""
    tx.execute(
        "UPDATE volume SET anonymous = 1 WHERE anonymous = ? AND container_id = ?",
        (UNSETTLED, container_id),
    )


def delete(tx: Tx, name: str) -> None:
    """Forget a volume."""
    tx.execute("DELETE FROM volume WHERE name = ?", (name,))
