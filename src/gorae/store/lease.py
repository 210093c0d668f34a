"""Leases: what is being made is kept from the collector until it is done."""

import secrets
import time
from types import TracebackType

from gorae.errors import Unavailable
from gorae.store.db import Database, Tx
from gorae.store.tables import leases as rows

LIFETIME_NS = 24 * 3600 * 1_000_000_000


class Lease:
    """Held for the length of a `with` block; `end(tx)` ends it inside the transaction that makes its objects count.

    `kept`: a name under which it outlives the daemon, for a day: what it holds is worth something to the next one.
    """

    def __init__(self, db: Database, *, kept: str = "") -> None:
        self._db = db
        self.id = f"{rows.KEPT}{kept}" if kept else secrets.token_hex(8)
        db.write(lambda tx: rows.insert(tx, self.id, time.time_ns() + LIFETIME_NS), durable=False)

    def hold(self, tx: Tx, kind: str, key: str) -> None:
        """Keep `key` of `kind` (content, snapshot)."""
        rows.hold(tx, self.id, kind, key)

    def end(self, tx: Tx) -> None:
        """Let go, in the caller's transaction."""
        rows.delete(tx, self.id)

    def release(self) -> None:
        """Let go, on its own."""
        self._db.write(self.end, durable=False)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.release()
        except Unavailable as failure:
            if error is None:
                raise
            error.add_note(f"and the lease stays until the next start: {failure}")
