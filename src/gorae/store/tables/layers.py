"""Rows of layers whose archive is packed again when it is wanted, and of snapshots not yet on the disk."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where a layer's archive can be had from."""

    diff_id: str
    chain_id: str
    size_bytes: int
    writer: int


def get(tx: Tx, diff_id: str) -> list[SourceRow]:
    """All places that one layer can be had from."""
    rows = tx.execute(
        "SELECT diff_id, chain_id, size_bytes, writer FROM layer_source WHERE diff_id = ?",
        (diff_id,),
    )
    return [SourceRow(*row) for row in rows]


def insert(tx: Tx, row: SourceRow) -> None:
    """Add a source, or put it in the place of the one before."""
    tx.execute(
        "INSERT OR REPLACE INTO layer_source (diff_id, chain_id, size_bytes, writer) VALUES (?, ?, ?, ?)",
        astuple(row),
    )


def delete_by_chain(tx: Tx, chain_id: str) -> None:
    """The snapshot is gone."""
    tx.execute("DELETE FROM layer_source WHERE chain_id = ?", (chain_id,))


def mark_unsynced(tx: Tx, snapshot: str, boot_id: str) -> None:
    """The snapshot's files may not be on the disk yet."""
    tx.execute(
        "INSERT OR REPLACE INTO unsynced (snapshot, boot_id) VALUES (?, ?)", (snapshot, boot_id)
    )


def unsynced(tx: Tx) -> list[tuple[str, str]]:
    """(snapshot, boot id) of all those."""
    return list(tx.execute("SELECT snapshot, boot_id FROM unsynced"))


def clear_unsynced(tx: Tx, snapshots: list[str]) -> None:
    """These are on the disk, or gone."""
    for one in snapshots:
        tx.execute("DELETE FROM unsynced WHERE snapshot = ?", (one,))
