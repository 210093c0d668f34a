"""Images pushed to registries; blocking.

Layers first, several at once, each by the cheapest way that the registry offers: it has the very blob; it has it in
another repository and mounts it; it gets the bytes, as they came or compressed now. Then the config, then the manifest:
the bytes the image came with wherever every layer kept its digest.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gorae.engine.images import Image, Images
from gorae.engine.layers import Layers
from gorae.engine.layersending import LayerSender, Sent, short
from gorae.engine.progress import Emit, Reporter, silent
from gorae.errors import InvalidArgument, NotFound
from gorae.oci import manifest as manifests
from gorae.oci import platform as platforms
from gorae.oci import text
from gorae.oci.digest import DiffId, Digest
from gorae.oci.manifest import Manifest, Platform
from gorae.oci.reference import Reference
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.connect import Registries
from gorae.registry.repository import Repository
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.tables import images


@dataclass(frozen=True, slots=True)
class PushOptions:
    """`platform`: refuse to send an image of another one; whose credentials."""

    platform: Platform | None = None
    credentials: Credentials = NOBODY


class Pushes:
    """The service."""

    def __init__(
        self, images: Images, layers: Layers, registries: Registries, at_once: int
    ) -> None:
        self._images = images
        self._layers = layers
        self._store = images.store
        self._registries = registries
        self._at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, "upload")

    def push(
        self, name: Reference, options: PushOptions = PushOptions(), emit: Emit = silent
    ) -> list[Digest]:
        """One tag, or every tag of the repository where the name has none; the manifests' digests.

        Raises:
            NotFound: no such image here. Unauthorized, PermissionDenied, Unavailable: the registry's words.
            Cancelled: `emit` said so.
        """
        reporter = Reporter(emit)
        if name.digest:
            raise InvalidArgument("cannot push a digest reference")
        wanted = self._wanted(name)
        for one, image in wanted:
            _refuse_other_platform(one, image, options.platform)
        reporter.say(f"The push refers to repository [{name.repository}]")
        if not wanted:
            raise self._missing(name)
        repository = self.repository(name, options.credentials, reporter)
        digests = []
        for one, image in wanted:
            with self._store.lease() as lease:
                digests.append(self._one(repository, one, image, reporter, lease))
        return digests

    def repository(
        self, name: Reference, credentials: Credentials, reporter: Reporter
    ) -> Repository:
        """Where a name is pushed to. Raises: Unavailable."""
        session = self._registries.session(name.domain, credentials, push=True, wait=reporter.wait)
        return Repository(session, name.path, "pull", "push")

    def sender(
        self, repository: Repository, name: Reference, reporter: Reporter, lease: Lease
    ) -> LayerSender:
        """Sends layers alone, without an image."""
        return LayerSender(self._store, self._layers, self._pool, repository, name, reporter, lease)

    def _one(
        self,
        repository: Repository,
        name: Reference,
        image: Image,
        reporter: Reporter,
        lease: Lease,
    ) -> Digest:
        sender = self.sender(repository, name, reporter, lease)
        push = _Push(self._images, self._layers, sender, repository, name, image, reporter, lease)
        return push.run(self._at_once)

    def _wanted(self, name: Reference) -> list[tuple[Reference, Image]]:
        """The tag, or all of the repository's; nothing where there is none."""
        if name.tag:
            image = self._images.find(name.normalized)
            return [(name, image)] if image is not None else []
        return sorted(self._tagged(name), key=lambda pair: pair[0].tag)

    def _tagged(self, name: Reference) -> list[tuple[Reference, Image]]:
        return [
            (one, image)
            for image in self._images.all()
            for one in map(Reference.parse, image.names)
            if one.repository == name.repository
        ]

    def _missing(self, name: Reference) -> NotFound:
        """In docker's words."""
        if name.tag and self._tagged(name):
            return NotFound(f"tag does not exist: {name.familiar}")
        return NotFound(f"An image does not exist locally with the tag: {name.familiar_repository}")


def _refuse_other_platform(name: Reference, image: Image, wanted: Platform | None) -> None:
    have = Platform(image.config.architecture, image.config.os, image.config.variant)
    if wanted is not None and not platforms.matches(wanted, have):
        raise NotFound(
            f"image with reference {name.familiar} was found but its platform "
            f"({platforms.show(platforms.normalized(have))}) does not match the specified platform "
            f"({platforms.show(wanted)})"
        )


class _Push:
    """One image under one tag."""

    def __init__(
        self,
        service: Images,
        layers: Layers,
        sender: LayerSender,
        repository: Repository,
        name: Reference,
        image: Image,
        reporter: Reporter,
        lease: Lease,
    ) -> None:
        self._store = service.store
        self._layers = layers
        self._lease = lease
        self._repository = repository
        self._name = name
        self._image = image
        self._reporter = reporter
        self._announce = service.announce
        self._sender = sender

    def run(self, at_once: int) -> Digest:
        original = self._manifest()
        diff_ids = self._image.config.diff_ids
        distinct = dict.fromkeys(reversed(diff_ids))
        for number, diff_id in enumerate(distinct):
            self._reporter.say("Preparing", short(diff_id))
            if number >= at_once:
                self._reporter.say("Waiting", short(diff_id))
        known = dict(zip(diff_ids, original.layers, strict=True))
        self._layers.hold(diff_ids, self._lease)
        sent = self._sender.send(list(distinct), known)
        self._sender.document(self._image.config.raw)
        layers = [sent[diff_id].descriptor for diff_id in diff_ids]
        manifest = manifests.with_layers(original, layers)
        digest = self._repository.put_manifest(self._name.tag, manifest.raw, manifest.media_type)
        self._record(manifest, sent)
        size = len(manifest.raw)
        self._reporter.say(f"{self._name.tag}: digest: {digest} size: {size}")
        self._reporter.say("", result={"Tag": self._name.tag, "Digest": digest, "Size": size})
        self._announce("push", self._image, self._name.familiar_repository, self._name.familiar)
        return digest

    def _is_annotated(self, digest: str) -> bool:
        """Whether a manifest says something of its own: then it is the one that is meant."""
        with contextlib.suppress(NotFound):
            document = text.load(self._store.content.read(digest), "manifest")
            return bool(document.get("annotations"))
        return False

    def _manifest(self) -> Manifest:
        """The one that this repository knows already, else the one the image came with."""
        digests = [
            Reference.parse(one).digest
            for one in self._image.digests
            if Reference.parse(one).repository == self._name.repository
        ]
        own = self._image.manifest
        first = (own,) if self._is_annotated(own) else ()
        for digest in (*first, *digests, own):
            with contextlib.suppress(NotFound):
                found = manifests.parse(self._store.content.read(digest))
                if isinstance(found, Manifest) and found.config.digest == self._image.id:
                    return found
        raise NotFound(f'the manifest of "{self._name.familiar}" is not in the store')

    def _record(self, manifest: Manifest, sent: dict[DiffId, Sent]) -> None:
        """The repository knows the image by this digest now, and each layer by its own."""
        digest = self._store.content.put(manifest.raw, self._lease)

        def write(tx: Tx) -> None:
            images.add_repo_digest(tx, self._name.repository, digest, self._image.id)
            self._sender.record(tx, sent)

        self._store.db.write(write)
