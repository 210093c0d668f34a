"""Layers' archives: kept as blobs, or packed again from the snapshot that they were told from.

A layer that a build or a commit made is stored once, unpacked; its archive is only wanted by save and push. It is then
packed again, must have the digest that is recorded, and becomes an ordinary blob.
"""

from pathlib import Path

from gorae.errors import DataLoss, NotFound
from gorae.oci.digest import Digest
from gorae.oci.media_type import DOCKER_LAYER
from gorae.store.archive import pack
from gorae.store.content import ContentStore
from gorae.store.db import Database, Tx
from gorae.store.lease import Lease
from gorae.store.snapshot import Snapshotter
from gorae.store.tables import content as rows
from gorae.store.tables import layers as sources


class LayerArchives:
    """The archives of one store's layers; blocking."""

    def __init__(self, db: Database, content: ContentStore, snapshots: Snapshotter) -> None:
        self._db = db
        self._content = content
        self._snapshots = snapshots

    def blob(self, diff_id: str) -> Digest:
        """The digest of a blob that carries the layer, the plain one first; packed if none is here.

        Raises:
            NotFound: the store has no such layer. DataLoss: its files are not what they were.
        """
        found = self._db.read(lambda tx: rows.layer_blobs(tx, diff_id))
        for digest, _ in found:
            if digest == diff_id:
                return Digest(digest)
        if found:
            return Digest(found[0][0])
        usable = [
            one for one in self._db.read(lambda tx: sources.get(tx, diff_id)) if self._has(one)
        ]
        if not usable:
            raise NotFound(f'layer "{diff_id}" has neither a blob nor a snapshot in the store')
        return self._pack(diff_id, usable[0])

    def _has(self, source: sources.SourceRow) -> bool:
        return source.writer == pack.WRITER and self._snapshots.exists(source.chain_id)

    def _pack(self, diff_id: str, source: sources.SourceRow) -> Digest:
        with Lease(self._db) as lease, self._content.ingest(lease=lease) as ingest:
            packed = pack.pack_layer(self._snapshots.upper(source.chain_id), ingest.write)
            if packed.diff_id != diff_id:
                raise DataLoss(
                    f'layer "{diff_id}": its snapshot changed, the archive is now "{packed.diff_id}"'
                )
            digest = ingest.commit()
            self._db.write(lambda tx: rows.add_layer_blob(tx, diff_id, digest, DOCKER_LAYER))
        return digest

    def pack(self, upper: Path, observe: pack.Observe | None = None) -> pack.Packed:
        """Tell the layer of a snapshot's own directory, without keeping the archive."""
        return pack.pack_layer(upper, observe=observe)


def record(tx: Tx, packed: pack.Packed, chain_id: str) -> None:
    """Remember from where a layer's archive can be had again."""
    sources.insert(tx, sources.SourceRow(packed.diff_id, chain_id, packed.size_bytes, pack.WRITER))
