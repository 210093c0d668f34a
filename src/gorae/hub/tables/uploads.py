"""Rows of upload sessions."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class Upload:
    """See the schema."""

    id: str
    repository: str
    account: str
    size_bytes: int
    state: str
    started_ns: int
    updated_ns: int


_COLUMNS = "id, repository, account, size_bytes, state, started_ns, updated_ns"


def get(tx: Tx, upload_id: str) -> Upload | None:
    """One session."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM hub_upload WHERE id = ?", (upload_id,)).fetchone()
    return Upload(*row) if row else None


def insert(tx: Tx, row: Upload) -> None:
    """A new session."""
    tx.execute(f"INSERT INTO hub_upload ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(row))


def advance(tx: Tx, before: Upload, size_bytes: int, state: str, now_ns: int) -> bool:
    """More has arrived; False when the session is not as it was: somebody else wrote to it."""
    done = tx.execute(
        "UPDATE hub_upload SET size_bytes = ?, state = ?, updated_ns = ? WHERE id = ? AND updated_ns = ?",
        (size_bytes, state, now_ns, before.id, before.updated_ns),
    )
    return done.rowcount == 1


def delete(tx: Tx, upload_id: str) -> bool:
    """Forget a session; whether it was there."""
    return tx.execute("DELETE FROM hub_upload WHERE id = ?", (upload_id,)).rowcount == 1


def idle_since(tx: Tx, before_ns: int) -> list[Upload]:
    """Sessions that nobody has written to for long."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM hub_upload WHERE updated_ns < ?", (before_ns,))
    return [Upload(*row) for row in rows]


def ids(tx: Tx) -> set[str]:
    """All sessions."""
    return {row[0] for row in tx.execute("SELECT id FROM hub_upload")}


def count_of(tx: Tx, account: str) -> int:
    """Open sessions of an account."""
    (found,) = tx.execute(
        "SELECT COUNT(*) FROM hub_upload WHERE account = ?", (account,)
    ).fetchone()
    return int(found)
