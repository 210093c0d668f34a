"""Images out of OCI layouts in clients' folders, to build on: `--build-context NAME=oci-layout://FOLDER`; blocking.

Their layers are unpacked and held by the build's lease; an image of this engine's they are not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gorae.build.layout import Layout
from gorae.build.session import LayoutContext
from gorae.build.vertex import Base
from gorae.engine.layers import Layers, chains
from gorae.errors import InvalidArgument
from gorae.oci import platform as platforms
from gorae.oci.config import ImageConfig
from gorae.oci.digest import parse_digest
from gorae.oci.manifest import Descriptor, Manifest, Platform
from gorae.registry.resolve import check_image
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import content

MAX_CONFIG_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class LayoutImages:
    """The service."""

    store: Store
    layers: Layers

    def bring(
        self, source: LayoutContext, platform: Platform, lease: Lease, check: Callable[[], None]
    ) -> Base:
        """What to stand on, here and held.

        Raises:
            NotFound: no such tag, digest or platform. InvalidArgument, DataLoss: it is not what it says.
        """
        layout = Layout(source.tree)
        wanted = parse_digest(source.digest) if source.digest else ""
        found = layout.manifest(layout.find(source.tag, wanted), platforms.runnable(platform))
        if not isinstance(found, Manifest):
            raise InvalidArgument("the layout holds no image")
        check_image(found)
        config = ImageConfig.parse(layout.document(found.config, MAX_CONFIG_BYTES))
        if len(config.diff_ids) != len(found.layers):
            raise InvalidArgument(
                f"invalid manifest, layers length mismatch: expected {len(config.diff_ids)}, "
                f"got {len(found.layers)}"
            )
        self._unpack(layout, config, found.layers, lease, check)
        return Base(source.shown, config.id, config, config.chain_id)

    def _unpack(
        self,
        layout: Layout,
        config: ImageConfig,
        blobs: tuple[Descriptor, ...],
        lease: Lease,
        check: Callable[[], None],
    ) -> None:
        held = self.layers.hold(config.diff_ids, lease)
        rows = zip(config.diff_ids, chains(config.diff_ids), blobs, strict=True)
        parent = ""
        for diff_id, chain, blob in rows:
            if held.has(diff_id):
                digest = None if chain in held.unpacked else self.layers.archive(diff_id, lease)
            else:
                layout.bring(blob, self.store.content, lease, check)
                digest = blob.digest
            if digest is not None:
                self.layers.unpack(diff_id, digest, parent, chain, lease)
            if not held.has(diff_id):

                def write(tx: Tx, diff_id: str = diff_id, blob: Descriptor = blob) -> None:
                    content.add_layer_blob(tx, diff_id, blob.digest, blob.media_type)

                self.store.db.write(write, durable=False)
            parent = chain
        self.layers.sync()
