"""Rows of volumes."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One row; `labels` and `options` are JSON objects."""

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


def delete(tx: Tx, name: str) -> None:
    """Forget a volume."""
    tx.execute("DELETE FROM volume WHERE name = ?", (name,))
