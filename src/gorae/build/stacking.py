"""Layers that are here put on a state that they were not made on; blocking.

The layer's archive is unpacked anew above the other state. It must have the diff id that is asked for, and must be
packed again to the very same bytes, so that it needs no blob of its own.
"""

import secrets

from gorae.errors import DataLoss
from gorae.oci.digest import ChainId, DiffId, chain_ids, digest_of
from gorae.store.archive.apply import apply_layer
from gorae.store.archive.pack import pack_layer
from gorae.store.layers import record as record_layer
from gorae.store.lease import Lease
from gorae.store.snapshot import SnapshotUsage
from gorae.store.store import Store


class Stacking:
    """Of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left = False

    def put(self, diff_id: DiffId, parent: str, lease: Lease) -> ChainId:
        """The state of the layer on `parent`, held by the lease.

        Raises:
            NotFound: the layer is not here. DataLoss: it is not what it says. Unavailable: the disk is full.
        """
        store = self._store
        blob = store.layers.blob(diff_id)
        while not store.content.hold(blob, lease):
            blob = store.layers.blob(diff_id)
        return self.unpack(blob, diff_id, parent, lease)

    def tidy(self) -> None:
        """When a build's lease has ended: archives that were only there to be unpacked go."""
        if self._left:
            self._left = False
            self._store.collector.collect(later=True)

    def unpack(self, blob: str, diff_id: DiffId, parent: str, lease: Lease) -> ChainId:
        """The same from a blob that is here and held.

        Raises:
            DataLoss: it is not the layer of that diff id. InvalidArgument: it is no layer.
        """
        store = self._store
        chain = _on(parent, diff_id)
        store.db.write(lambda tx: lease.hold(tx, "snapshot", chain), durable=False)
        if store.snapshots.exists(chain):
            return chain
        self._left = True
        key = f"stack-{secrets.token_hex(8)}"
        store.snapshots.prepare(key, parent)
        try:
            upper = store.snapshots.upper(key)
            with store.content.open(blob) as file:
                found = apply_layer(file, upper, lowers=store.snapshots.lowers(key))
            packed = pack_layer(upper)
            if not found == packed.diff_id == diff_id:
                raise DataLoss(f'layer "{blob}": wanted the diff id "{diff_id}", found "{found}"')
            usage = SnapshotUsage(packed.content_bytes, packed.inodes)
            store.snapshots.commit(key, chain, usage=usage, sync=False)
        except BaseException:
            store.snapshots.remove(key)
            raise
        store.db.write(lambda tx: record_layer(tx, packed, chain), durable=False)
        return chain


def _on(parent: str, diff_id: DiffId) -> ChainId:
    if not parent:
        return chain_ids([diff_id])[0]
    return ChainId(digest_of(f"{parent} {diff_id}".encode()))
