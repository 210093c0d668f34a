"""Rows of what was removed and can be brought back."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class BinRow:
    """`kind`: container, volume, image or network; `document`: its row as JSON; `size_bytes` None: not measured yet."""

    token: str
    batch: str
    kind: str
    key: str
    name: str
    document: str
    size_bytes: int | None
    binned_ns: int


_COLUMNS = "token, batch, kind, key, name, document, size_bytes, binned_ns"


def all_rows(tx: Tx) -> list[BinRow]:
    """Everything, oldest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM bin ORDER BY binned_ns, token")
    return [BinRow(*row) for row in rows]


def insert(tx: Tx, row: BinRow) -> None:
    """Put something in."""
    tx.execute(f"INSERT INTO bin ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))


def set_size(tx: Tx, token: str, size_bytes: int) -> None:
    """What it takes, now that it was measured."""
    tx.execute("UPDATE bin SET size_bytes = ? WHERE token = ?", (size_bytes, token))


def delete(tx: Tx, token: str) -> bool:
    """Take it out; whether it was there."""
    return tx.execute("DELETE FROM bin WHERE token = ?", (token,)).rowcount > 0


def keys(tx: Tx, kind: str) -> set[str]:
    """The objects of a kind that lie in it."""
    return {row[0] for row in tx.execute("SELECT key FROM bin WHERE kind = ?", (kind,))}


def documents(tx: Tx, kind: str) -> list[str]:
    """Their documents."""
    return [row[0] for row in tx.execute("SELECT document FROM bin WHERE kind = ?", (kind,))]
