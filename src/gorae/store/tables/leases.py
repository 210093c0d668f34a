"""Rows of leases: holders of work under way."""

import time

from gorae.store.db import Tx

KEPT = "kept-"
"""How the id of a lease begins that outlives its daemon."""


def insert(tx: Tx, lease_id: str, expires_ns: int) -> None:
    """A new holder; one that is there lives longer."""
    tx.execute(
        "INSERT INTO lease (id, created_ns, expires_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET expires_ns = excluded.expires_ns",
        (lease_id, time.time_ns(), expires_ns),
    )


def hold(tx: Tx, lease_id: str, kind: str, key: str) -> None:
    """Keep one object; `kind` is content or snapshot."""
    tx.execute(
        "INSERT INTO lease_item (lease_id, kind, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (lease_id, kind, key),
    )


def delete(tx: Tx, lease_id: str) -> None:
    """Let all of it go."""
    tx.execute("DELETE FROM lease WHERE id = ?", (lease_id,))


def delete_dead(tx: Tx, now_ns: int) -> None:
    """At the daemon's start: nobody is left who could be at work; those that outlive a daemon stay until they expire."""
    tx.execute("DELETE FROM lease WHERE id NOT LIKE ? OR expires_ns < ?", (f"{KEPT}%", now_ns))


def live_items(tx: Tx, now_ns: int) -> set[tuple[str, str]]:
    """(kind, key) of everything that a live lease holds."""
    rows = tx.execute(
        "SELECT kind, key FROM lease_item JOIN lease ON lease.id = lease_id WHERE expires_ns > ?",
        (now_ns,),
    )
    return {(row[0], row[1]) for row in rows}
