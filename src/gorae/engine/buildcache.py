"""The build cache as people see it: its records, what they take, and what a prune removes; blocking.

A record is a step's result or the folder of a cache mount. Its size is what its own layer takes; it is shared when an
image stands on the same layer, so that removing it frees nothing. What a running build holds is in use.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from gorae.build.cachemount import CacheMounts
from gorae.dockerfile.duration import duration_ns
from gorae.errors import InvalidArgument
from gorae.store import tree
from gorae.store.db import Tx
from gorae.store.store import Store
from gorae.store.tables import builds as rows
from gorae.store.tables import leases

STEP = "regular"
MOUNT = "exec.cachemount"
FILTERS = (
    "until",
    "unused-for",
    "id",
    "parent",
    "description",
    "type",
    "inuse",
    "shared",
    "private",
)


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """One record. `id` is its name for people; `row` the key of what it is."""

    id: str
    row: str
    type: str
    description: str
    size_bytes: int
    created_ns: int
    last_used_ns: int
    uses: int
    parents: tuple[str, ...] = ()
    in_use: bool = False
    shared: bool = False
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a prune may take. Sizes in bytes, 0: not said. `free_bytes`: what the disk has free now."""

    all: bool = False
    filters: dict[str, list[str]] | None = None
    reserved_bytes: int = 0
    max_used_bytes: int = 0
    min_free_bytes: int = 0
    free_bytes: int = 0

    @property
    def is_limited(self) -> bool:
        """Whether some records are to stay, for their age, their kind or their size."""
        sizes = (self.reserved_bytes, self.max_used_bytes, self.min_free_bytes)
        return bool(self.filters) or any(sizes)


def choose(records: Sequence[CacheRecord], wanted: Wanted, now_ns: int) -> list[CacheRecord]:
    """The records to remove, the longest unused first. Pure.

    Raises:
        InvalidArgument: a filter that is none.
    """
    fits = filter_of(wanted.filters or {}, now_ns)
    free = [
        one
        for one in sorted(records, key=lambda one: one.last_used_ns)
        if not one.in_use and fits(one) and (wanted.all or not one.shared)
    ]
    limits = (wanted.reserved_bytes, wanted.max_used_bytes, wanted.min_free_bytes)
    if not any(limits):
        return free
    total = sum(one.size_bytes for one in records)
    used, freed, chosen = total, 0, []
    for one in free:
        over = wanted.max_used_bytes and used > wanted.max_used_bytes
        tight = wanted.min_free_bytes and wanted.free_bytes + freed < wanted.min_free_bytes
        only_reserved = not wanted.max_used_bytes and not wanted.min_free_bytes
        if used <= wanted.reserved_bytes or not (over or tight or only_reserved):
            break
        chosen.append(one)
        used -= one.size_bytes
        freed += one.size_bytes
    return chosen


def filter_of(filters: dict[str, list[str]], now_ns: int) -> Callable[[CacheRecord], bool]:
    """Every filter must fit; of one filter's values, one. Raises: InvalidArgument."""
    for name in filters:
        if name.rstrip("!~") not in FILTERS:
            raise InvalidArgument(f"invalid filter '{name}'")
    older_ns = 0
    for name in ("until", "unused-for"):
        for text in filters.get(name, ()):
            older_ns = max(older_ns, duration_ns(text))

    def fits(one: CacheRecord) -> bool:
        if older_ns and now_ns - one.last_used_ns < older_ns:
            return False
        checks = (
            ("id", lambda text: one.id.startswith(text)),
            ("parent", lambda text: text in one.parents),
            ("description", lambda text: text in one.description),
            ("type", lambda text: text == one.type),
            ("inuse", lambda text: _truth(text) == one.in_use),
            ("shared", lambda text: _truth(text) == one.shared),
            ("private", lambda text: _truth(text) != one.shared),
        )
        return all(
            any(check(text) for text in filters[name])
            for name, check in checks
            if filters.get(name)
        )

    return fits


def _truth(text: str) -> bool:
    return text.lower() in ("", "1", "t", "true")


class BuildCache:
    """The service."""

    def __init__(
        self, store: Store, caches: CacheMounts, discard_failed: Callable[[], int]
    ) -> None:
        self._store = store
        self._caches = caches
        self._discard_failed = discard_failed

    def check(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """What does not fit together: the object, what is wrong with it, and what mends it."""
        for path in self._caches.strays():
            yield path.name, "is a cache mount's folder without a row", partial(tree.remove, path)
        for lost in self._caches.lost():
            problem = "its folder is gone: a build that wants it begins with an empty one"
            yield lost.id.partition("\n")[0], problem, partial(self._caches.remove, lost)
        for row in self._store.db.read(rows.without_snapshot):
            problem = (
                f'the result of "{row.description}" has lost its layer: the step will run again'
            )
            yield row.id, problem, partial(self._drop, row.key)

    def _drop(self, key: str) -> None:
        self._store.db.write(lambda tx: _forget(tx, [key]))

    def records(self) -> list[CacheRecord]:
        """All, the longest unused first. Cache mounts are measured, which takes as long as they are large."""
        found, held, imaged = self._store.db.read(self._read)
        ids = {one.key: one.id for one in found}
        steps = [
            CacheRecord(
                id=one.id,
                row=one.key,
                type=STEP,
                description=one.description,
                size_bytes=one.size_bytes,
                created_ns=one.created_ns,
                last_used_ns=one.last_used_ns,
                uses=one.uses,
                parents=(ids[one.parent],) if one.parent in ids else (),
                in_use=one.snapshot in held,
                shared=one.snapshot in imaged,
                snapshot=one.snapshot,
            )
            for one in found
        ]
        mounts = [
            CacheRecord(
                id=one.directory,
                row=one.id,
                type=MOUNT,
                description=f"cached mount {one.id.partition(chr(10))[0]}",
                size_bytes=one.size_bytes,
                created_ns=one.created_ns,
                last_used_ns=one.last_used_ns,
                uses=one.uses,
                in_use=self._caches.is_used(one.id),
            )
            for one in self._caches.measured()
        ]
        return sorted([*steps, *mounts], key=lambda one: one.last_used_ns)

    def _read(self, tx: Tx) -> tuple[list[rows.CacheRow], set[str], set[str]]:
        held = {key for kind, key in leases.live_items(tx, time.time_ns()) if kind == "snapshot"}
        imaged = set(rows.image_chains(tx))
        return rows.all_rows(tx), held, imaged

    def chosen(self, wanted: Wanted) -> list[CacheRecord]:
        """What a prune would take now. Raises: InvalidArgument: a filter that is none."""
        if wanted.min_free_bytes:
            found = os.statvfs(self._store.root)
            wanted = replace(wanted, free_bytes=found.f_bavail * found.f_frsize)
        return choose(self.records(), wanted, time.time_ns())

    def prune(self, wanted: Wanted) -> tuple[list[str], int]:
        """Remove records; their ids and the bytes that are really free now."""
        failed = 0 if wanted.is_limited else self._discard_failed()
        chosen = self.chosen(wanted)
        freed, gone = 0, []
        for one in chosen:
            if one.type == MOUNT:
                row = self._store.db.read(lambda tx, one=one: rows.mount(tx, one.row))  # type: ignore[misc]
                if row is None or not self._caches.remove(row):
                    continue
                freed += one.size_bytes
            gone.append(one.id)
        steps = [one.row for one in chosen if one.type == STEP]
        if steps:
            self._store.db.write(lambda tx: _forget(tx, steps))
        if steps or failed:
            freed += self._store.collector.collect().bytes
        return gone, freed


def _forget(tx: Tx, keys: list[str]) -> None:
    for key in keys:
        rows.delete(tx, key)
    rows.delete_files(tx, rows.listed(tx))
