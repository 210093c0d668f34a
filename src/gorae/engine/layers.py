"""Layers as snapshots: unpacked once, whoever asks and however many do; blocking.

A layer is here when its blob and the snapshot of its chain are. A lease holds both until an image does.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from gorae.errors import InvalidArgument
from gorae.oci.digest import ChainId, DiffId, Digest, chain_ids
from gorae.oci.manifest import Descriptor
from gorae.store.archive.apply import apply_layer
from gorae.store.archive.pack import WRITER
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.overlay import OverlaySnapshotter
from gorae.store.store import Store
from gorae.store.tables import content, snapshots
from gorae.store.tables import layers as layer_rows

Watch = Callable[[int], None]
"""Told how many bytes of the blob were read."""


@dataclass(slots=True)
class Held:
    """What is here of a stack: chains unpacked, layers' blobs, and layers that can be packed again."""

    unpacked: set[ChainId] = field(default_factory=set)
    blobs: dict[DiffId, Descriptor] = field(default_factory=dict)
    packable: set[DiffId] = field(default_factory=set)

    def has(self, diff_id: DiffId) -> bool:
        """Whether the layer's archive can be had."""
        return diff_id in self.blobs or diff_id in self.packable


class Layers:
    """The layers of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks: dict[str, tuple[threading.Lock, int]] = {}
        self._guard = threading.Lock()

    def hold(self, diff_ids: Sequence[DiffId], lease: Lease) -> Held:
        """Keep by a lease what is here of a stack."""

        def write(tx: Tx) -> Held:
            found = Held()
            for diff_id, chain in zip(diff_ids, chains(diff_ids), strict=True):
                lease.hold(tx, "snapshot", chain)
                if snapshots.get(tx, chain) is not None:
                    found.unpacked.add(chain)
                for digest, kind in content.layer_blobs(tx, diff_id):
                    lease.hold(tx, "content", digest)
                    size = content.size(tx, digest) or 0
                    found.blobs.setdefault(diff_id, Descriptor(kind, Digest(digest), size))
                for source in layer_rows.get(tx, diff_id):
                    if source.writer == WRITER and snapshots.get(tx, source.chain_id) is not None:
                        lease.hold(tx, "snapshot", source.chain_id)
                        found.packable.add(diff_id)
            return found

        return self._store.db.write(write, durable=False)

    def archive(self, diff_id: DiffId, lease: Lease) -> Digest:
        """A blob of a layer that is here, held; packed from its snapshot where none is kept.

        Raises:
            NotFound: it is not here. DataLoss.
        """
        while True:
            digest = self._store.layers.blob(diff_id)
            if self._store.content.hold(digest, lease):
                return digest

    def sync(self) -> None:
        """Everything unpacked is on the disk."""
        self._store.snapshots.sync_committed()

    def unpack(
        self,
        diff_id: DiffId,
        blob: Digest,
        parent: str,
        chain: ChainId,
        lease: Lease,
        watch: Watch | None = None,
        parent_is_here: Callable[[], None] = lambda: None,
    ) -> None:
        """The snapshot `chain`, unless it is here already or somebody else just makes it.

        Its files may not be on the disk yet: `sync` before an image counts on them. `parent_is_here` waits until the
        parent is a snapshot; it is asked as late as can be.

        Raises:
            InvalidArgument: a corrupt archive, or not the layer of that diff id. Unavailable: the disk is full.
        """
        store = self._store
        store.db.write(lambda tx: lease.hold(tx, "snapshot", chain), durable=False)
        with self._only_one(chain):
            if store.snapshots.exists(chain):
                return
            key = f"unpack-{secrets.token_hex(8)}"
            below = _Below(store.snapshots, parent, parent_is_here)
            store.snapshots.prepare(key, "")
            try:
                with store.snapshots.precedence.taken(), store.content.open(blob) as file:
                    source = cast("BinaryIO", _Watched(file, watch)) if watch else file
                    found = apply_layer(
                        source,
                        store.snapshots.upper(key),
                        lowers=below,
                        known=diff_id if str(blob) == diff_id else None,
                    )
                if found != diff_id:
                    raise InvalidArgument(
                        f'layer "{blob}": wanted the diff id "{diff_id}", found "{found}"'
                    )
                parent_is_here()
                store.snapshots.commit(key, chain, sync=False, parent=parent)
            except BaseException:
                store.snapshots.remove(key)
                raise

    @contextlib.contextmanager
    def _only_one(self, chain: str) -> Iterator[None]:
        with self._guard:
            lock, users = self._locks.get(chain, (threading.Lock(), 0))
            self._locks[chain] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._locks[chain]
                if users == 1:
                    del self._locks[chain]
                else:
                    self._locks[chain] = (lock, users - 1)


def chains(diff_ids: Sequence[DiffId]) -> list[ChainId]:
    """The chain ids of a stack, which may be empty."""
    return chain_ids(diff_ids) if diff_ids else []


class _Below:
    """The directories of the layers below, nearest first; whoever asks waits until they are there."""

    def __init__(
        self, snapshots: OverlaySnapshotter, parent: str, parent_is_here: Callable[[], None]
    ) -> None:
        self._snapshots = snapshots
        self._parent = parent
        self._parent_is_here = parent_is_here

    def __iter__(self) -> Iterator[Path]:
        if self._parent:
            self._parent_is_here()
            yield self._snapshots.upper(self._parent)
            yield from self._snapshots.lowers(self._parent)


class _Watched:
    """A blob's file that says how much of it was read."""

    def __init__(self, file: BinaryIO, watch: Watch) -> None:
        self._file = file
        self._watch = watch
        self._read = 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._read += len(data)
        self._watch(self._read)
        return data
