"""Rows of the audit log."""

from dataclasses import dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, from where."""

    id: int
    at_ns: int
    account: str
    address: str
    action: str
    object: str
    detail: str


def insert(
    tx: Tx, at_ns: int, account: str, address: str, action: str, target: str, detail: str
) -> None:
    """Add a line."""
    tx.execute(
        "INSERT INTO hub_audit (at_ns, account, address, action, object, detail) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (at_ns, account, address, action, target, detail),
    )


def newest(tx: Tx, limit: int, account: str = "") -> list[AuditRow]:
    """The last lines, newest first; of one account when named."""
    rows = tx.execute(
        "SELECT id, at_ns, account, address, action, object, detail FROM hub_audit "
        "WHERE (? = '' OR account = ?) ORDER BY id DESC LIMIT ?",
        (account, account, limit),
    )
    return [AuditRow(*row) for row in rows]


def delete_before(tx: Tx, before_ns: int) -> None:
    """Drop lines by age."""
    tx.execute("DELETE FROM hub_audit WHERE at_ns < ?", (before_ns,))
