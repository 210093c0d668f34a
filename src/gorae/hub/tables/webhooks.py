"""Rows of webhooks and of the messages that wait for them."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class Webhook:
    """See the schema."""

    id: str
    namespace: str
    url: str
    secret: str
    events: str
    created_ns: int


_COLUMNS = "id, namespace, url, secret, events, created_ns"


def insert(tx: Tx, row: Webhook) -> None:
    """A new webhook."""
    tx.execute(f"INSERT INTO hub_webhook ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", astuple(row))


def of_namespace(tx: Tx, namespace: str) -> list[Webhook]:
    """A namespace's webhooks, oldest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_webhook WHERE namespace = ? ORDER BY created_ns", (namespace,)
    )
    return [Webhook(*row) for row in rows]


def delete(tx: Tx, namespace: str, webhook_id: str) -> bool:
    """Forget a webhook with its messages; whether it was there."""
    done = tx.execute(
        "DELETE FROM hub_webhook WHERE namespace = ? AND id = ?", (namespace, webhook_id)
    )
    return done.rowcount == 1


def queue(tx: Tx, webhook_id: str, body: str, due_ns: int) -> None:
    """A message to be sent."""
    tx.execute(
        "INSERT INTO hub_delivery (webhook, body, attempts, due_ns) VALUES (?, ?, 0, ?)",
        (webhook_id, body, due_ns),
    )


def take_due(tx: Tx, now_ns: int, again_ns: int) -> tuple[int, int, str, str, str] | None:
    """The next message that is due, put off to `again_ns` so that no other replica takes it.

    Returns:
        (id, attempts before this one, url, secret, body), None when nothing is due.
    """
    row = tx.execute(
        "SELECT d.id, d.attempts, w.url, w.secret, d.body FROM hub_delivery d "
        "JOIN hub_webhook w ON w.id = d.webhook WHERE d.due_ns <= ? ORDER BY d.due_ns LIMIT 1",
        (now_ns,),
    ).fetchone()
    if row is None:
        return None
    tx.execute(
        "UPDATE hub_delivery SET attempts = attempts + 1, due_ns = ? WHERE id = ?",
        (again_ns, row[0]),
    )
    return row[0], row[1], row[2], row[3], row[4]


def put_off(tx: Tx, delivery_id: int, due_ns: int) -> None:
    """Again later."""
    tx.execute("UPDATE hub_delivery SET due_ns = ? WHERE id = ?", (due_ns, delivery_id))


def delete_delivery(tx: Tx, delivery_id: int) -> None:
    """Delivered, or given up."""
    tx.execute("DELETE FROM hub_delivery WHERE id = ?", (delivery_id,))


def pending(tx: Tx) -> int:
    """Messages that wait."""
    (found,) = tx.execute("SELECT COUNT(*) FROM hub_delivery").fetchone()
    return int(found)
