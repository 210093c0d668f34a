"""An image made to count: its documents stored, then one transaction that names it; blocking."""

import time
from collections.abc import Sequence

from gorae.engine.layers import chains
from gorae.oci import manifest as manifests
from gorae.oci import media_type
from gorae.oci.config import ImageConfig
from gorae.oci.digest import Digest
from gorae.oci.manifest import Descriptor, Manifest
from gorae.oci.reference import Reference
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import content, images, layerorigins
from gorae.store.tables.layerorigins import LayerOrigin


class Recorder:
    """Writes images' rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        config: ImageConfig,
        layers: Sequence[Descriptor | None],
        lease: Lease,
        names: Sequence[str] = (),
        manifest: Manifest | None = None,
        *,
        indexes: Sequence[bytes] = (),
        origin: Reference | None = None,
        anew: bool = False,
    ) -> bool:
        """Config and manifest as blobs, then one transaction that makes the image count and ends the lease.

        Args:
            layers: the blob here of each diff id, None for one that is packed again when it is wanted; not always
                those that the manifest names.
            manifest: the one that the image came with; without it one is made.
            indexes: the documents that led to the manifest, the first asked for first.
            anew: the manifest takes the place of the one that an image of this config has.
            origin: the repository it came from, which then knows it by the digest of the first document.

        Returns:
            Whether one of the names meant another image before, or none.
        """
        store = self._store
        store.content.put(config.raw, lease)
        if manifest is None:
            descriptor = Descriptor(media_type.DOCKER_CONFIG, config.id, len(config.raw))
            manifest = manifests.make_manifest(
                descriptor, tuple(one for one in layers if one), media_type.DOCKER_MANIFEST
            )
        documents = [store.content.put(raw, lease) for raw in (*indexes, manifest.raw)]
        chain = chains(config.diff_ids)
        size = sum(store.snapshots.usage(one).size_bytes for one in chain)
        row = images.ImageRow(
            config.id, documents[-1], chain[-1] if chain else "", size, time.time_ns(), 0
        )

        def write(tx: Tx) -> bool:
            keep(tx, documents, config, layers)
            images.insert(tx, row)
            if anew:
                images.set_manifest(tx, config.id, documents[-1])
            before = [images.set_name(tx, name, config.id) for name in names]
            if origin is not None:
                images.add_repo_digest(tx, origin.repository, documents[0], config.id)
                _note_sources(tx, origin.repository, config, manifest.layers)
            lease.end(tx)
            return any(one != config.id for one in before)

        return store.db.write(write)


def _note_sources(
    tx: Tx, repository: str, config: ImageConfig, layers: Sequence[Descriptor]
) -> None:
    for diff_id, one in zip(config.diff_ids, layers, strict=True):
        layerorigins.insert(
            tx, LayerOrigin(diff_id, one.digest, repository, one.media_type, one.size)
        )


def keep(
    tx: Tx, documents: Sequence[Digest], config: ImageConfig, layers: Sequence[Descriptor | None]
) -> None:
    """Edges from each document to the next, and from the last, the manifest, to config and layers."""
    for parent, child in zip(documents, documents[1:], strict=False):
        content.add_edge(tx, parent, child)
    content.add_edge(tx, documents[-1], config.id)
    for diff_id, layer in zip(config.diff_ids, layers, strict=True):
        if layer is None:
            continue
        content.add_edge(tx, documents[-1], layer.digest)
        content.add_layer_blob(tx, diff_id, layer.digest, layer.media_type)
