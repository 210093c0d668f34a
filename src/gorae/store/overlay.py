"""Snapshots on overlayfs.

    snapshots/<number>/fs      what this layer adds: the upper directory of an active one
    snapshots/<number>/work    overlayfs's own, only of an active one

A row is written before its directory is made and deleted before its directory is removed: a directory without
a row is garbage, which `discard_garbage` removes.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from gorae.errors import AlreadyExists, Conflict, NotFound, Unavailable
from gorae.linux.mount import Mount
from gorae.linux.sync import syncfs
from gorae.store import tree
from gorae.store.db import Database, Tx
from gorae.store.ingest import disk_error, fsync_directory
from gorae.store.precedence import Precedence
from gorae.store.snapshot import SnapshotUsage
from gorae.store.tables import layers as layer_rows
from gorae.store.tables import snapshots as rows

FEW_FILES = 64
"""Up to so many are brought to the disk one by one."""


class OverlaySnapshotter:
    """See `snapshot.Snapshotter`."""

    def __init__(self, root: Path, db: Database) -> None:
        self._root = root
        self._db = db
        self._going: set[str] = set()
        """Directories that are being removed by this process."""
        self.precedence = Precedence(root)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def directory(self, number: int) -> Path:
        """Where the snapshot of a row's number is, or would be."""
        return self._root / str(number)

    def _row(self, key: str) -> rows.SnapshotRow:
        row = self._db.read(lambda tx: rows.get(tx, key))
        if row is None:
            raise NotFound(f'snapshot "{key}" is not there')
        return row

    def prepare(self, key: str, parent: str) -> list[Mount]:
        """See Snapshotter."""
        number, lowers = self._insert(key, "active", parent)
        with self._undone(key):
            directory = self.directory(number)
            directory.mkdir(mode=0o700)
            (directory / "fs").mkdir(mode=0o755)
            (directory / "work").mkdir(mode=0o700)
            if lowers:  # the root's own owner and mode come from the layer below
                info = os.stat(self.directory(lowers[0]) / "fs")
                os.chown(directory / "fs", info.st_uid, info.st_gid)
                os.chmod(directory / "fs", info.st_mode & 0o7777)
        return self._mounts("active", number, lowers)

    @contextlib.contextmanager
    def _undone(self, key: str) -> Iterator[None]:
        """What cannot be made on the disk leaves no row. Raises: Unavailable."""
        try:
            yield
        except OSError as error:
            self.remove(key)
            raise disk_error(error) from error

    def view(self, key: str, parent: str) -> list[Mount]:
        """See Snapshotter."""
        number, lowers = self._insert(key, "view", parent)
        with self._undone(key):
            (self.directory(number) / "fs").mkdir(parents=True, mode=0o700)
        return self._mounts("view", number, lowers)

    def _insert(self, key: str, kind: str, parent: str) -> tuple[int, list[int]]:
        def write(tx: Tx) -> tuple[int, list[int]]:
            if rows.get(tx, key) is not None:
                raise AlreadyExists(f'snapshot "{key}" is there already')
            below = rows.get(tx, parent) if parent else None
            if parent and (below is None or below.kind != "committed"):
                raise NotFound(f'snapshot "{parent}" is not there')
            number = rows.insert(tx, key, kind, parent or None)
            return number, rows.numbers_below(tx, key)

        return self._db.write(write, durable=False)

    def mounts(self, key: str) -> list[Mount]:
        """See Snapshotter."""
        row = self._row(key)
        lowers = self._db.read(lambda tx: rows.numbers_below(tx, key))
        return self._mounts(row.kind, row.number, lowers)

    def _mounts(self, kind: str, number: int, lowers: list[int]) -> list[Mount]:
        own = str(self.directory(number) / "fs")
        below = [str(self.directory(one) / "fs") for one in lowers]
        if kind == "active":
            if not below:
                return [Mount("bind", own, ("rw",))]
            options = (
                *(f"lowerdir+={one}" for one in below),
                f"upperdir={own}",
                f"workdir={self.directory(number) / 'work'}",
            )
            return [Mount("overlay", "overlay", options)]
        layers = below if kind == "view" else [own, *below]
        if not layers:
            return [Mount("bind", own, ("ro",))]
        if len(layers) == 1:
            return [Mount("bind", layers[0], ("ro",))]
        return [Mount("overlay", "overlay", (*(f"lowerdir+={one}" for one in layers), "ro"))]

    def commit(
        self,
        key: str,
        chain_id: str,
        *,
        usage: SnapshotUsage | None = None,
        sync: bool = True,
        parent: str = "",
    ) -> None:
        """See Snapshotter."""
        row = self._row(key)
        directory = self.directory(row.number)
        try:
            found = usage or _measure(directory / "fs")
            if sync:
                _syncfs(directory)
        except OSError as error:
            raise disk_error(error) from error
        _discard(directory / "work")

        def write(tx: Tx) -> bool:
            if rows.get(tx, chain_id) is not None:
                self._going.add(directory.name)
                rows.delete(tx, key)
                return False
            if parent:
                rows.set_parent(tx, key, parent)
            rows.commit(tx, key, chain_id, found.size_bytes, found.inodes)
            if not sync:
                layer_rows.mark_unsynced(tx, chain_id, _boot_id())
            return True

        if not self._db.write(write, durable=sync):
            self._remove_directory(directory)

    def sync_committed(self) -> None:
        """See Snapshotter."""
        waiting = [one for one, _ in self._db.read(layer_rows.unsynced)]
        if not waiting:
            return
        found = self._db.read(lambda tx: [rows.get(tx, one) for one in waiting])
        here = [one for one in found if one is not None]
        if sum(one.inodes for one in here) > FEW_FILES:
            _syncfs(self._root)
        else:
            self._sync_each([self.directory(one.number) for one in here])
        self._db.write(lambda tx: layer_rows.clear_unsynced(tx, waiting))

    def _sync_each(self, directories: list[Path]) -> None:
        """Of small layers their own files alone: what others have written just now need not go to the disk for them."""
        for directory in directories:
            try:
                tree.sync(directory)
            except FileNotFoundError:  # removed meanwhile: nobody counts on it
                continue
        fsync_directory(self._root)

    def discard_unsynced(self) -> int:
        """At start: forget what was not on the disk when the power went; how many.

        A death of the daemon alone loses nothing, since the kernel has the files.
        """
        boot_id = _boot_id()
        found = self._db.read(layer_rows.unsynced)
        lost = [one for one, then in found if then != boot_id]
        if lost:
            self._db.write(lambda tx: _forget(tx, lost))
        return len(lost)

    def remove(self, key: str) -> None:
        """See Snapshotter."""

        def write(tx: Tx) -> int | None:
            row = rows.get(tx, key)
            if row is None:
                return None
            if rows.has_children(tx, key):
                raise Conflict(f'snapshot "{key}" has others standing on it')
            self._going.add(str(row.number))
            rows.delete(tx, key)
            layer_rows.delete_by_chain(tx, key)
            layer_rows.clear_unsynced(tx, [key])
            return row.number

        try:
            number = self._db.write(write, durable=False)
        except Unavailable:  # a full disk: what nobody reads makes room for the row's removal
            self._empty(key)
            number = self._db.write(write, durable=False)
        if number is not None:
            self._remove_directory(self.directory(number))

    def _remove_directory(self, directory: Path, pace: Callable[[], None] = tree.at_once) -> None:
        self._going.add(directory.name)
        _discard(directory, pace)
        self._going.discard(directory.name)

    def _empty(self, key: str) -> None:
        row = self._row(key)
        if row.kind == "active":
            _discard(self.directory(row.number) / "fs")

    def keys(self, prefix: str) -> list[str]:
        """See Snapshotter."""
        return self._db.read(lambda tx: rows.keys(tx, prefix))

    def exists(self, key: str) -> bool:
        """See Snapshotter."""
        return self._db.read(lambda tx: rows.get(tx, key)) is not None

    def usage(self, key: str) -> SnapshotUsage:
        """See Snapshotter."""
        row = self._row(key)
        if row.kind == "committed":
            return SnapshotUsage(row.size_bytes, row.inodes)
        return _measure(self.directory(row.number) / "fs")

    def upper(self, key: str) -> Path:
        """See Snapshotter."""
        return self.directory(self._row(key).number) / "fs"

    def lowers(self, key: str) -> list[Path]:
        """See Snapshotter."""
        numbers = self._db.read(lambda tx: rows.numbers_below(tx, key))
        return [self.directory(one) / "fs" for one in numbers]

    def garbage(self) -> list[Path]:
        """Directories without a row, but those whose removal is under way.

        They are looked for first, since a row is there before its directory.
        """
        found = list(self._root.iterdir())
        known = {str(row.number) for row in self._db.read(rows.all_rows)} | self._going
        return [one for one in found if one.name not in known]

    def discard_garbage(self, *, later: bool = False) -> int:
        """See Snapshotter."""
        found = self.garbage()
        self._going.update(one.name for one in found)
        if later and found:
            threading.Thread(
                target=self._remove_directories, args=(found,), name="discard", daemon=True
            ).start()
        else:
            self._remove_directories(found)
        return len(found)

    def _remove_directories(self, found: list[Path]) -> None:
        """A daemon that dies meanwhile leaves the rest to the next one's start."""
        for one in found:
            self._remove_directory(one, self.precedence.give_way)


def _measure(top: Path) -> SnapshotUsage:
    """Apparent bytes of regular files (hard links once) and the number of inodes."""
    found = tree.measure(top)
    return SnapshotUsage(found.size_bytes, found.inodes)


def _discard(path: Path, pace: Callable[[], None] = tree.at_once) -> None:
    """Nobody reads it any more: what cannot be removed now is garbage that the next start finds."""
    with contextlib.suppress(OSError):
        tree.remove(path, pace)


@functools.cache
def _boot_id() -> str:
    """This life of the kernel. Source: random(4)"""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _forget(tx: Tx, lost: list[str]) -> None:
    """These snapshots and all that stand on them; images cannot: they are recorded after the files are on the disk."""
    parents = {row.key: row.parent for row in rows.all_rows(tx)}
    doomed = set(lost)
    while more := {key for key, parent in parents.items() if parent in doomed} - doomed:
        doomed |= more
    depth = {key: _depth(key, parents) for key in doomed}
    for key in sorted(doomed, key=lambda one: -depth[one]):
        rows.delete(tx, key)
        layer_rows.delete_by_chain(tx, key)
    layer_rows.clear_unsynced(tx, lost)


def _depth(key: str, parents: dict[str, str | None]) -> int:
    count = 0
    at: str | None = key
    while at is not None:
        at = parents.get(at)
        count += 1
    return count


def _syncfs(directory: Path) -> None:
    """Everything of this file system to the disk, once for a whole layer. Source: syncfs(2)."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syncfs(fd)
    finally:
        os.close(fd)
