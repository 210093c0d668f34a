"""Descriptors, manifests and indexes, each with the bytes it came in.

Source: image-spec v1.1 descriptor.md, manifest.md, image-index.md; Docker's schema 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.errors import InvalidArgument
from gorae.oci import media_type, text
from gorae.oci.digest import Digest, digest_of, parse_digest

MAX_LAYERS = 1000
MAX_MANIFESTS = 1000


@dataclass(frozen=True, slots=True)
class Platform:
    """`architecture` and `os` in Go's words."""

    architecture: str
    os: str
    variant: str = ""
    os_version: str = ""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What some bytes are, their name and their size."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] = field(default_factory=dict)
    urls: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        document: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
        }
        if self.annotations:
            document["annotations"] = self.annotations
        if self.platform:
            found = {"architecture": self.platform.architecture, "os": self.platform.os}
            if self.platform.variant:
                found["variant"] = self.platform.variant
            if self.platform.os_version:
                found["os.version"] = self.platform.os_version
            document["platform"] = found
        return document


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image: its config and its layers, bottom first."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def digest(self) -> Digest:
        """Of the bytes that travelled."""
        return digest_of(self.raw)


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests, one for a platform each."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]

    @property
    def digest(self) -> Digest:
        """Of the bytes that travelled."""
        return digest_of(self.raw)


def descriptor(document: Any, what: str) -> Descriptor:
    """Raises: InvalidArgument: naming the bad field."""
    if not isinstance(document, dict):
        raise InvalidArgument(f"{what}: wanted an object")
    size = text.want(document, "size", int, what, -1)
    if size < 0:
        raise InvalidArgument(f'{what}: "size" is missing or negative')
    platform = text.want(document, "platform", dict, what)
    annotations = text.want(document, "annotations", dict, what, {})
    return Descriptor(
        media_type=text.want(document, "mediaType", str, what, ""),
        digest=parse_digest(text.want(document, "digest", str, what, "")),
        size=size,
        platform=platform
        and Platform(
            text.want(platform, "architecture", str, what, ""),
            text.want(platform, "os", str, what, ""),
            text.want(platform, "variant", str, what, ""),
            text.want(platform, "os.version", str, what, ""),
        ),
        annotations={str(key): str(value) for key, value in annotations.items()},
        urls=tuple(str(one) for one in text.want(document, "urls", list, what, [])),
    )


def parse(raw: bytes, content_type: str = "") -> Manifest | Index:
    """A manifest or an index; the document's own media type wins over `content_type`.

    Raises:
        InvalidArgument: neither, or a bad field.
    """
    document = text.load(raw, "manifest")
    kind = text.want(document, "mediaType", str, "manifest", "") or content_type
    if "manifests" in document:
        found = text.want(document, "manifests", list, "index", [])
        if len(found) > MAX_MANIFESTS:
            raise InvalidArgument(f"index: more than {MAX_MANIFESTS} manifests")
        return Index(
            raw, kind or media_type.OCI_INDEX, tuple(descriptor(one, "index") for one in found)
        )
    layers = text.want(document, "layers", list, "manifest", [])
    if len(layers) > MAX_LAYERS:
        raise InvalidArgument(f"manifest: more than {MAX_LAYERS} layers")
    return Manifest(
        raw,
        kind or media_type.OCI_MANIFEST,
        descriptor(document.get("config"), "manifest, config"),
        tuple(descriptor(one, "manifest, layer") for one in layers),
    )


def make_manifest(
    config: Descriptor,
    layers: tuple[Descriptor, ...],
    kind: str,
    annotations: Mapping[str, str] = {},
) -> Manifest:
    """A manifest of these, with its bytes."""
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": config.to_document(),
        "layers": [one.to_document() for one in layers],
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return Manifest(text.dump(document), kind, config, layers)


def with_layers(manifest: Manifest, layers: Sequence[Descriptor]) -> Manifest:
    """The manifest with its layers as these blobs; itself, byte for byte, where they are the same.

    All else in it stays; a layer's media type becomes the one of the manifest's family.
    """
    if [one.digest for one in layers] == [one.digest for one in manifest.layers]:
        return manifest
    kind = manifest.media_type
    found = tuple(
        replace(one, media_type=media_type.layer_of_family(kind, one.media_type)) for one in layers
    )
    document = text.load(manifest.raw, "manifest")
    document["layers"] = [one.to_document() for one in found]
    return replace(manifest, raw=text.dump(document), layers=found)


def make_index_of(described: Sequence[Descriptor]) -> Index:
    """An index of images, of Docker's kind when all of them are, else OCI's."""
    docker = all(one.media_type == media_type.DOCKER_MANIFEST for one in described)
    kind = media_type.DOCKER_LIST if docker else media_type.OCI_INDEX
    document = {
        "schemaVersion": 2,
        "mediaType": kind,
        "manifests": [one.to_document() for one in described],
    }
    return Index(text.dump(document), kind, tuple(described))


def make_index(manifests: tuple[Descriptor, ...], annotations: Mapping[str, str] = {}) -> Index:
    """An index of these, with its bytes."""
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media_type.OCI_INDEX,
        "manifests": [one.to_document() for one in manifests],
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return Index(text.dump(document), media_type.OCI_INDEX, manifests)
