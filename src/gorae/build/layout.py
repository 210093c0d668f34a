"""An OCI image layout in a tree of files: its index, its documents, its blobs. The files are a stranger's.

    oci-layout, index.json, blobs/sha256/<64 hex>

Nothing of it is believed: documents and blobs are taken by their digests. Source: image-spec v1.1 image-layout.md
"""

import os
from collections.abc import Callable, Sequence

from gorae.build.tree import Node, Tree, resolve
from gorae.errors import DataLoss, InvalidArgument, NotFound
from gorae.oci import manifest as manifests
from gorae.oci import platform as platforms
from gorae.oci.digest import digest_of
from gorae.oci.manifest import Descriptor, Index, Manifest, Platform
from gorae.store.content import ContentStore
from gorae.store.lease import Lease

MAX_DOCUMENT_BYTES = 16 << 20
MAX_DEPTH = 4
PIECE = 1 << 20
INDEX = "index.json"
LAYOUT = "oci-layout"
REF_NAME = "org.opencontainers.image.ref.name"


def blob_path(digest: str) -> str:
    """Where the blob of a digest is."""
    return f"blobs/sha256/{digest.partition(':')[2]}"


class Layout:
    """One layout, read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def index(self) -> Index:
        """Raises: NotFound: there is none. InvalidArgument: it is none."""
        node = self._node(INDEX)
        if node is None:
            raise NotFound(f'"{INDEX}" is not in the folder: it is no OCI layout')
        found = manifests.parse(self._read(node, MAX_DOCUMENT_BYTES))
        if not isinstance(found, Index):
            raise InvalidArgument(f'"{INDEX}" is no index')
        return found

    def find(self, tag: str = "", digest: str = "") -> Descriptor:
        """The entry of a tag or digest; without either `latest`, or the only one. Raises: NotFound."""
        entries = self.index().manifests
        if digest:
            found = [one for one in entries if one.digest == digest]
            if not found:
                node = self._node(blob_path(digest))
                if node is not None:
                    return Descriptor(
                        "", digest_of(self._read(node, MAX_DOCUMENT_BYTES)), node.size
                    )
                raise NotFound(f'the layout has no manifest "{digest}"')
            return found[0]
        found = [one for one in entries if _tag(one) == (tag or "latest")]
        if not found and not tag and len(entries) == 1:
            found = list(entries)
        if not found:
            names = ", ".join(sorted(filter(None, map(_tag, entries)))) or "none"
            raise NotFound(f'the layout has no tag "{tag or "latest"}": its tags are {names}')
        return found[0]

    def manifest(self, found: Descriptor, wanted: Sequence[Platform]) -> Manifest | Index:
        """What a descriptor leads to: an image's manifest through indexes by platform.

        An index without images (BuildKit's cache) stays one. Raises: NotFound: none of the platform.
        """
        for _ in range(MAX_DEPTH):
            value = manifests.parse(self.document(found, MAX_DOCUMENT_BYTES), found.media_type)
            if isinstance(value, Manifest):
                return value
            if not any(
                "manifest" in one.media_type or "index" in one.media_type for one in value.manifests
            ):
                return value
            chosen = platforms.choose(value.manifests, wanted)
            if chosen is None:
                raise NotFound(f"the layout has no image for {platforms.show(wanted[0])}")
            found = chosen
        raise InvalidArgument(f"indexes within indexes: more than {MAX_DEPTH} of them")

    def document(self, found: Descriptor, limit: int) -> bytes:
        """A small blob. Raises: NotFound. DataLoss: it is not what its name says. InvalidArgument: too large."""
        node = self._blob(found)
        raw = self._read(node, limit)
        if digest_of(raw) != found.digest:
            raise DataLoss(f'blob "{found.digest}": its bytes are not what its name says')
        return raw

    def bring(
        self, found: Descriptor, content: ContentStore, lease: Lease, check: Callable[[], None]
    ) -> None:
        """A blob into the store, held.

        Raises:
            NotFound: it is not there. InvalidArgument: another size or digest. Unavailable: the disk is full.
        """
        if content.hold(found.digest, lease):
            return
        node = self._blob(found)
        fd, at = self._tree.open(node)
        try:
            with content.ingest(
                expected_digest=found.digest, expected_size=found.size, lease=lease
            ) as ingest:
                left = node.size
                while left and (piece := os.pread(fd, min(left, PIECE), at)):
                    check()
                    ingest.write(piece)
                    at += len(piece)
                    left -= len(piece)
                ingest.commit()
        finally:
            os.close(fd)

    def has(self, found: Descriptor) -> bool:
        """Whether a blob's file is there, of the right size."""
        node = self._node(blob_path(found.digest))
        return node is not None and node.size == found.size

    def _blob(self, found: Descriptor) -> Node:
        node = self._node(blob_path(found.digest))
        if node is None:
            raise NotFound(f'blob "{found.digest}" is not in the layout')
        if node.size != found.size:
            raise DataLoss(
                f'blob "{found.digest}": wanted {found.size} bytes, the file has {node.size}'
            )
        return node

    def _node(self, path: str) -> Node | None:
        node = resolve(self._tree, path)
        return node if node is not None and node.is_file else None

    def _read(self, node: Node, limit: int) -> bytes:
        if node.size > limit:
            raise InvalidArgument(f'"{node.path}" has {node.size} bytes: at most {limit} are read')
        fd, at = self._tree.open(node)
        try:
            return os.pread(fd, node.size, at)
        finally:
            os.close(fd)


def _tag(one: Descriptor) -> str:
    return one.annotations.get(REF_NAME, "").rpartition(":")[2]
