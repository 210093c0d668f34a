"""One store: the parts below one root, opened together.

lock                 flock: one daemon per root
gorae.db             facts
content/ snapshots/ volumes/ containers/
"""

import fcntl
import time
from pathlib import Path
from typing import IO

from gorae.errors import Conflict
from gorae.store.content import ContentStore
from gorae.store.db import Database, Tx
from gorae.store.gc import Collector
from gorae.store.overlay import OverlaySnapshotter
from gorae.store.tables import leases
from gorae.store.volumes import VolumeDirectories


class Store:
    """See the module."""

    def __init__(self, root: Path, lock: IO[str]) -> None:
        self.root = root
        self._lock = lock
        self.db = Database(root / "gorae.db")
        self.content = ContentStore(root / "content", self.db)
        self.snapshots = OverlaySnapshotter(root / "snapshots", self.db)
        self.volumes = VolumeDirectories(root / "volumes")
        self.collector = Collector(self.db, self.content, self.snapshots)

    @classmethod
    def open(cls, root: Path) -> "Store":
        """Open, take the lock, and clear away what was being written when the last daemon died.

        Raises:
            Conflict: another daemon has it. DataLoss: the database cannot be read.
        """
        root.mkdir(parents=True, exist_ok=True, mode=0o710)
        lock = (root / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Conflict(
                f'another daemon uses "{root}": stop it, or give another --data-root'
            ) from None
        store = cls(root, lock)
        store.content.discard_ingests()
        store.db.write(lambda tx: leases.delete_dead(tx, time.time_ns()))
        store.snapshots.discard_garbage()
        store.volumes.discard_removed()
        return store

    def identity(self, fresh: str) -> str:
        """This store's id, `fresh` on the first call of its life."""

        def write(tx: Tx) -> str:
            tx.execute("INSERT OR IGNORE INTO fact (name, value) VALUES ('identity', ?)", (fresh,))
            (found,) = tx.execute("SELECT value FROM fact WHERE name = 'identity'").fetchone()
            return str(found)

        return self.db.write(write)

    def close(self) -> None:
        """End the writer and give the lock back."""
        self.db.close()
        self._lock.close()
