"""What solving a state gives, and the cache that keeps it; blocking, thread-safe."""

import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from gorae.build import cachekey, selection
from gorae.build.cachekey import Parts
from gorae.build.stacking import Stacking
from gorae.dockerfile.secretguard import Leak
from gorae.oci.cacheconfig import CacheRecord
from gorae.oci.digest import ChainId, DiffId, digest_of
from gorae.store.archive.pack import Packed
from gorae.store.db import Database, Tx
from gorae.store.layers import record as record_layer
from gorae.store.lease import Lease
from gorae.store.snapshot import Snapshotter, SnapshotUsage
from gorae.store.tables import builds as rows
from gorae.store.tables import snapshots

MAX_LAYERS = 127


@dataclass(frozen=True, slots=True)
class Result:
    """A solved state: its key, its file system, and of the step that made it its layer and when.

    `diff_ids` are all layers, bottom first; `added` tells whether the last is the step's own. `row`: the key of the
    cache's row, which is another one when the layer may stand on any parent.
    """

    key: str
    chain_id: str
    diff_ids: tuple[DiffId, ...]
    row: str = ""
    added: bool = False
    size_bytes: int = 0
    created_ns: int = 0
    cached: bool = False
    leaks: tuple[Leak, ...] | None = None
    """What the secret guard found in its layer; None: it did not look."""


class Cache:
    """The results of one store."""

    def __init__(self, db: Database, snapshotter: Snapshotter, stacking: Stacking) -> None:
        self._db = db
        self._snapshots = snapshotter
        self._stacking = stacking
        self._working: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def find(self, key: str, parent: Result, lease: Lease) -> Result | None:
        """The result of a key (or its second name), held by `lease`; None when there is none or its layer is gone.

        A layer counts on the parent that it was made on, unless its parts do not name one: then it is put on this.
        """

        def write(tx: Tx) -> tuple[rows.CacheRow, bool] | None:
            row = rows.get(tx, key)
            if row is None or (row.snapshot and snapshots.get(tx, row.snapshot) is None):
                return None
            chain = _chain(row, parent)
            for one in {row.snapshot, chain} - {""}:
                lease.hold(tx, "snapshot", one)
            return row, not chain or snapshots.get(tx, chain) is not None

        if self._db.read(lambda tx: rows.get(tx, key)) is None:
            return None
        found = self._db.write(write, durable=False)
        if found is None or len(parent.diff_ids) >= MAX_LAYERS:
            return None
        row, is_here = found
        if _chain(row, parent) != row.snapshot:
            if not is_movable(row):
                return None
            if not is_here:
                self._stacking.put(DiffId(row.diff_id), parent.chain_id, lease)
            moved = replace(row, snapshot=_chain(row, parent))
            self._db.write(lambda tx: rows.move(tx, moved.key, moved.snapshot), durable=False)
            row = moved
        leaks = self._db.read(lambda tx: rows.leaks(tx, row.key))
        return replace(_result(row, parent), leaks=_leaks(leaks))

    def before(self, slot: str) -> tuple[Parts, int] | None:
        """The parts of the newest result of a step, and when it was last used."""
        row = self._db.read(lambda tx: rows.latest_in_slot(tx, slot))
        return None if row is None else (json.loads(row.parts), row.last_used_ns)

    def used(self, keys: Sequence[str]) -> None:
        """These were taken."""
        self._db.write(lambda tx: rows.used(tx, list(keys)), durable=False)

    def looked(self, row: str, leaks: Sequence[Leak]) -> None:
        """The secret guard has looked through a result's layer."""
        self._db.write(lambda tx: rows.put_leaks(tx, row, _document(leaks)), durable=False)

    def name(self, alias: str, key: str) -> None:
        """A second name of a result."""
        self._db.write(lambda tx: rows.add_alias(tx, alias, key), durable=False)

    @contextmanager
    def working(self, key: str) -> Iterator[bool]:
        """Work on a key alone; False when somebody else has just finished it, so that it is to be looked up again."""
        with self._lock:
            other = self._working.get(key)
            if other is None:
                mine = self._working[key] = threading.Event()
        if other is not None:
            other.wait()
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                del self._working[key]
            mine.set()

    def put(
        self,
        result: Result,
        *,
        parts: Parts,
        parent: str,
        slot: str,
        description: str,
        took_ns: int,
        aliases: tuple[str, ...] = (),
        listings: Sequence[Sequence[str]] = (),
    ) -> None:
        """Keep a result, and the listings that its parts name."""
        now = time.time_ns()
        row = rows.CacheRow(
            key=result.row,
            id=secrets.token_hex(13)[:25],
            slot=slot,
            parts=json.dumps(parts, sort_keys=True),
            snapshot=result.chain_id,
            diff_id=result.diff_ids[-1] if result.added else "",
            parent=parent,
            description=description,
            size_bytes=result.size_bytes,
            took_ns=took_ns,
            created_ns=result.created_ns,
            last_used_ns=now,
            uses=1,
        )
        kept = [(selection.digest_of(lines), selection.packed(lines)) for lines in listings]

        def write(tx: Tx) -> None:
            rows.put(tx, row, aliases)
            if result.leaks is not None:
                rows.put_leaks(tx, row.key, _document(result.leaks))
            for digest, data in kept:
                rows.put_files(tx, digest, data)

        self._db.write(write, durable=False)

    def take_over(
        self,
        record: CacheRecord,
        diff_id: DiffId,
        chain_id: str,
        parent: str,
        *,
        slot: str,
        description: str,
        listings: Sequence[Sequence[str]],
    ) -> None:
        """Keep a result that another engine made and whose layer stands here as `chain_id`."""
        result = Result(
            key=record.key,
            row=record.key,
            chain_id=chain_id,
            diff_ids=(diff_id,),
            added=True,
            size_bytes=self._snapshots.usage(chain_id).size_bytes,
            created_ns=record.created_ns,
        )
        self.put(
            result,
            parts=record.parts,
            parent=parent,
            slot=slot,
            description=description,
            took_ns=record.took_ns,
            aliases=record.aliases,
            listings=listings,
        )

    def rows(self, keys: Sequence[str]) -> list[rows.CacheRow]:
        """The rows of results that are still there."""
        found = self._db.read(lambda tx: [rows.get(tx, key) for key in keys])
        return [one for one in found if one is not None]

    def listing(self, digest: str) -> dict[str, str] | None:
        """A kept listing."""
        data = self._db.read(lambda tx: rows.files(tx, digest))
        return None if data is None else selection.unpacked(data)

    def commit(self, key: str, packed: Packed, chain_id: str, lease: Lease) -> None:
        """An active snapshot becomes a committed one, known by its layer and held."""
        self._db.write(lambda tx: lease.hold(tx, "snapshot", chain_id), durable=False)
        self._snapshots.commit(
            key,
            chain_id,
            usage=_usage(packed),
            sync=False,
        )
        self._db.write(lambda tx: record_layer(tx, packed, chain_id), durable=False)

    def keep(self, key: str, name: str, lease: Lease) -> None:
        """An active snapshot becomes a committed one of a name of its own, held and of no layer."""
        self._db.write(lambda tx: lease.hold(tx, "snapshot", name), durable=False)
        self._snapshots.commit(key, name, sync=False)


def _usage(packed: Packed) -> SnapshotUsage:
    return SnapshotUsage(packed.content_bytes, packed.inodes)


def _result(row: rows.CacheRow, parent: Result) -> Result:
    added = bool(row.diff_id)
    diff_ids = (*parent.diff_ids, DiffId(row.diff_id)) if added else parent.diff_ids
    return Result(
        key=cachekey.moved(parent.key, row.key) if is_movable(row) else row.key,
        row=row.key,
        chain_id=row.snapshot,
        diff_ids=diff_ids,
        added=added,
        size_bytes=row.size_bytes,
        created_ns=row.created_ns,
        cached=True,
    )


def is_movable(row: rows.CacheRow) -> bool:
    """Whether its layer may stand on any parent on which its key is the same."""
    return "below" in json.loads(row.parts)


def _chain(row: rows.CacheRow, parent: Result) -> str:
    """The state of a row's layer on this parent."""
    return extended(parent.chain_id, row.diff_id) if row.diff_id else row.snapshot


def extended(parent: str, diff_id: str) -> ChainId:
    """The chain id of a state with one layer more."""
    return ChainId(digest_of(f"{parent} {diff_id}".encode())) if parent else ChainId(diff_id)


def _document(leaks: Sequence[Leak]) -> str:
    return json.dumps([asdict(one) for one in leaks])


def _leaks(text: str) -> tuple[Leak, ...] | None:
    return tuple(Leak(**one) for one in json.loads(text)) if text else None


def as_cached(result: Result) -> Result:
    """The same, as somebody finds it who did not make it."""
    return replace(result, cached=True)
