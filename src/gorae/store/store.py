"""One store: the parts below one root, opened together.

lock                 flock: one daemon per root
gorae.db             facts
content/ snapshots/ volumes/ containers/
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gorae.errors import Conflict, Unavailable
from gorae.store import tree
from gorae.store.content import ContentStore
from gorae.store.db import Database, Tx
from gorae.store.gc import Collector
from gorae.store.layers import LayerArchives
from gorae.store.lease import Lease
from gorae.store.overlay import OverlaySnapshotter
from gorae.store.tables import bin as bins
from gorae.store.tables import containers, leases, snapshots
from gorae.store.volumes import VolumeDirectories

_HEX = frozenset("0123456789abcdef")


class Store:
    """See the module."""

    def __init__(self, root: Path, lock: IO[str]) -> None:
        self.root = root
        self._lock = lock
        self.db = Database(root / "gorae.db")
        self.content = ContentStore(root / "content", self.db)
        self.snapshots = OverlaySnapshotter(root / "snapshots", self.db)
        self.volumes = VolumeDirectories(root / "volumes")
        self.layers = LayerArchives(self.db, self.content, self.snapshots)
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
        store.content.discard_strays()
        store.db.write(_forget_work)
        store.snapshots.discard_unsynced()
        store.snapshots.discard_garbage()
        store.volumes.discard_removed()
        store.discard_container_directories()
        return store

    def container_directories(self) -> list[Path]:
        """Containers' own directories, by what is on the disk: 64 hexadecimal digits each."""
        folder = self.root / "containers"
        found = sorted(folder.iterdir()) if folder.exists() else []
        return [one for one in found if len(one.name) == 64 and set(one.name) <= _HEX]

    def discard_container_directories(self) -> int:
        """At start, before anything is made: those without a row; how many."""
        known = self.db.read(container_ids)
        found = [one for one in self.container_directories() if one.name not in known]
        for one in found:
            with contextlib.suppress(OSError):
                tree.remove(one)
        return len(found)

    @contextlib.contextmanager
    def lease(self) -> Iterator[Lease]:
        """Keeps what is made in the block; when the block fails it is collected at once."""
        try:
            with Lease(self.db) as lease:
                yield lease
        except BaseException as error:
            try:
                self.collector.collect()
            except Unavailable as failure:
                error.add_note(f"and what was made stays until the next start: {failure}")
            raise

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


def container_ids(tx: Tx) -> set[str]:
    """The containers whose files are wanted: those that are there, and those in the bin."""
    return {row.id for row in containers.all_rows(tx)} | bins.keys(tx, "container")


def _forget_work(tx: Tx) -> None:
    """At the start nobody is at work: only kept leases count, and nothing is being written but containers' layers."""
    leases.delete_dead(tx, time.time_ns())
    snapshots.delete_unowned(tx)
