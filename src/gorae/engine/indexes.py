"""Indexes put together of images that are in a registry already; blocking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gorae.errors import InvalidArgument, NotFound
from gorae.oci import manifest as manifests
from gorae.oci import media_type
from gorae.oci.config import ImageConfig
from gorae.oci.digest import Digest
from gorae.oci.manifest import Descriptor, Index, Manifest, Platform
from gorae.oci.reference import Reference
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.connect import Registries
from gorae.registry.repository import Repository

MAX_CONFIG_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Inspected:
    """A manifest or an index in its registry: what it is, and its bytes. Of an image the descriptor has the platform."""

    descriptor: Descriptor
    raw: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of an index to be made: where it is, and for which platform."""

    name: Reference
    platform: Platform


class Indexes:
    """The service."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def inspect(self, name: Reference, credentials: Credentials = NOBODY) -> Inspected:
        """What a tag or a digest means. Raises: NotFound, Unauthorized, PermissionDenied, Unavailable."""
        one = name.with_default_tag()
        repository = Repository(self._registries.session(one.domain, credentials), one.path, "pull")
        found = repository.manifest(str(one.digest or one.tag))
        raw = found.value.raw
        described = Descriptor(found.value.media_type, found.digest, len(raw))
        if isinstance(found.value, Index):
            return Inspected(described, raw)
        wanted = found.value.config
        if wanted.media_type not in media_type.CONFIGS:
            return Inspected(described, raw)
        config = ImageConfig.parse(
            repository.read_blob(wanted.digest, wanted.size, MAX_CONFIG_BYTES)
        )
        platform = Platform(config.architecture, config.os, config.variant, config.os_version)
        return Inspected(replace(described, platform=platform), raw)

    def push(
        self, name: Reference, entries: Sequence[Entry], credentials: Credentials = NOBODY
    ) -> Digest:
        """Make the index and give it the name; images of other repositories of the registry come along.

        Raises:
            InvalidArgument: no entries, an image of another registry, or an index among them.
        """
        one = name.with_default_tag()
        if not entries:
            raise InvalidArgument(f"{one.familiar} not found: there are no manifests in it")
        session = self._registries.session(one.domain, credentials, push=True)
        target = Repository(session, one.path, "pull", "push")
        described = []
        for entry in entries:
            if entry.name.domain != one.domain:
                raise InvalidArgument(
                    f"cannot use source images from a different registry than the target image: "
                    f"{entry.name.domain} != {one.domain}"
                )
            source = Repository(session, entry.name.path, "pull")
            found = source.manifest(str(entry.name.digest or entry.name.tag))
            if not isinstance(found.value, Manifest):
                raise InvalidArgument(f"{entry.name.familiar} is a manifest list: name its images")
            if entry.name.path != one.path:
                _bring(found.value, entry.name.path, target)
            described.append(
                Descriptor(
                    found.value.media_type, found.digest, len(found.value.raw), entry.platform
                )
            )
        index = manifests.make_index_of(described)
        return target.put_manifest(one.tag, index.raw, index.media_type)


def _bring(manifest: Manifest, path: str, target: Repository) -> None:
    """Everything that the manifest needs is mounted, then it is put by its digest."""
    for blob in dict.fromkeys(one.digest for one in (manifest.config, *manifest.layers)):
        if target.blob_size(blob) is None and target.mount(blob, path):
            raise NotFound(
                f'blob "{blob}" of "{path}" cannot be mounted: push the image to "{target.path}"'
            )
    target.put_manifest(manifest.digest, manifest.raw, manifest.media_type)
