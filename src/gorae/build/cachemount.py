"""Folders of RUN --mount=type=cache: they survive builds, and are shared as each mount says.

    <data root>/build/cache/<number>/    one folder; which id it is for stands in the table `build_mount`

shared: any number of runs at once. private: a run that finds the folder taken gets another of the same id. locked: it
waits. A folder is only removed by a prune, and never while it is held.
"""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gorae.build.cancel import Cancel
from gorae.store import tree
from gorae.store.db import Database
from gorae.store.tables import builds as rows

Fill = Callable[[int], None]
"""Called with a new folder's descriptor."""


class CacheMounts:
    """The folders of one store."""

    def __init__(self, db: Database, directory: Path) -> None:
        self._db = db
        self._directory = directory
        self._free = threading.Condition()
        self._users: dict[str, int] = {}
        self._going: set[str] = set()
        """Folders whose rows are gone and whose files are being removed."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o711)

    @contextlib.contextmanager
    def held(self, cache_id: str, sharing: str, cancel: Cancel, fill: Fill) -> Iterator[Path]:
        """The folder of an id for the length of a run; made and filled when it is new.

        Raises:
            Cancelled: while it waited.
        """
        row_id = self._take(cache_id, sharing, cancel)
        try:
            yield self._folder(row_id, fill)
        finally:
            with self._free:
                self._users[row_id] -= 1
                if not self._users[row_id]:
                    del self._users[row_id]
                self._free.notify_all()
            self._used(row_id)

    def _take(self, cache_id: str, sharing: str, cancel: Cancel) -> str:
        with self._free:
            if sharing == "private":
                number = 0
                while self._users.get(_row_id(cache_id, number)):
                    number += 1
                row_id = _row_id(cache_id, number)
            else:
                row_id = _row_id(cache_id, 0)
                while sharing == "locked" and self._users.get(row_id):
                    self._free.wait(0.2)
                    cancel.check()
            self._users[row_id] = self._users.get(row_id, 0) + 1
            return row_id

    def _folder(self, row_id: str, fill: Fill) -> Path:
        with self._free:
            row = self._db.read(lambda tx: rows.mount(tx, row_id))
            if row is not None and (self._directory / row.directory).is_dir():
                return self._directory / row.directory
            return self._make(row_id, fill)

    def _make(self, row_id: str, fill: Fill) -> Path:
        """Invisible until it is filled: the row comes last."""
        name = secrets.token_hex(8)
        path = self._directory / name
        path.mkdir(mode=0o755)
        fd = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fill(fd)
        except BaseException:
            tree.remove(path)
            raise
        finally:
            os.close(fd)
        now = time.time_ns()
        made = rows.MountRow(row_id, name, 0, now, now, 0)
        self._db.write(lambda tx: rows.put_mount(tx, made), durable=False)
        return path

    def _used(self, row_id: str) -> None:
        row = self._db.read(lambda tx: rows.mount(tx, row_id))
        if row is not None:
            new = replace(row, last_used_ns=time.time_ns(), uses=row.uses + 1)
            self._db.write(lambda tx: rows.put_mount(tx, new), durable=False)

    def measured(self) -> list[rows.MountRow]:
        """All folders with what they take now; blocking for as long as that takes."""
        found = []
        for row in self._db.read(rows.mounts):
            path = self._directory / row.directory
            if path.is_dir():
                found.append(replace(row, size_bytes=tree.measure(path).size_bytes))
        return found

    def is_used(self, row_id: str) -> bool:
        """Whether a run holds it."""
        return bool(self._users.get(row_id))

    def remove(self, row: rows.MountRow) -> bool:
        """Remove a folder that nobody holds; whether it was."""
        with self._free:
            if self._users.get(row.id):
                return False
            self._going.add(row.directory)
            self._db.write(lambda tx: rows.delete_mount(tx, row.id))
        try:
            tree.remove(self._directory / row.directory)
        finally:
            self._going.discard(row.directory)
        return True

    def strays(self) -> list[Path]:
        """Folders without a row that nobody makes or removes just now."""
        with self._free:
            known = {row.directory for row in self._db.read(rows.mounts)} | self._going
            return [
                self._directory / name
                for name in sorted(os.listdir(self._directory))
                if name not in known
            ]

    def lost(self) -> list[rows.MountRow]:
        """Rows whose folder is gone."""
        with self._free:
            found = self._db.read(rows.mounts)
            return [row for row in found if not (self._directory / row.directory).is_dir()]

    def discard_unknown(self) -> None:
        """At start: folders that were being made when the last daemon died."""
        known = {row.directory for row in self._db.read(rows.mounts)}
        for name in os.listdir(self._directory):
            if name not in known:
                tree.remove(self._directory / name)


def _row_id(cache_id: str, number: int) -> str:
    return cache_id if not number else f"{cache_id}\n{number}"
