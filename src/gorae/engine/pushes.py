"""Images pushed to registries; blocking.

Layers first, several at once, each by the cheapest way that the registry offers: it has the very blob; it has it in
another repository and mounts it; it gets the bytes, as they came or compressed now. Then the config, then the manifest:
the bytes the image came with wherever every layer kept its digest.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import IO

from gorae.engine.images import Image, Images
from gorae.engine.layers import Layers
from gorae.engine.progress import Emit, Reporter, silent
from gorae.engine.sharing import Sharing
from gorae.errors import InvalidArgument, NotFound
from gorae.oci import manifest as manifests
from gorae.oci import media_type
from gorae.oci import platform as platforms
from gorae.oci.digest import DiffId, Digest
from gorae.oci.manifest import Descriptor, Manifest, Platform
from gorae.oci.reference import Reference
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.connect import Registries
from gorae.registry.repository import Repository
from gorae.registry.upload import Blob, upload
from gorae.store.archive.compression import GzipWriter
from gorae.store.db import Tx
from gorae.store.ingest import disk_error
from gorae.store.lease import Lease
from gorae.store.tables import content, images, layerorigins
from gorae.store.tables.layerorigins import LayerOrigin

PIECE = 1 << 20
LOOK_S = 0.2
PUSHING = "Pushing"


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
        session = self._registries.session(
            name.domain, options.credentials, push=True, wait=reporter.wait
        )
        repository = Repository(session, name.path, "pull", "push")
        digests = []
        for one, image in wanted:
            with self._store.lease() as lease:
                digests.append(self._one(repository, one, image, reporter, lease))
        return digests

    def _one(
        self,
        repository: Repository,
        name: Reference,
        image: Image,
        reporter: Reporter,
        lease: Lease,
    ) -> Digest:
        push = _Push(
            self._images, self._layers, self._pool, repository, name, image, reporter, lease
        )
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


@dataclass(frozen=True, slots=True)
class _Sent:
    """A layer as the repository has it now."""

    descriptor: Descriptor
    made_by: str = ""


class _Push:
    """One image under one tag."""

    def __init__(
        self,
        service: Images,
        layers: Layers,
        pool: ThreadPoolExecutor,
        repository: Repository,
        name: Reference,
        image: Image,
        reporter: Reporter,
        lease: Lease,
    ) -> None:
        self._store = service.store
        self._layers = layers
        self._lease = lease
        self._pool = pool
        self._repository = repository
        self._name = name
        self._image = image
        self._reporter = reporter
        self._announce = service.announce
        self._sharing = Sharing(self._store, repository)

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
        sent = self._send_layers(list(distinct), known)
        self._send_config()
        layers = [sent[diff_id].descriptor for diff_id in diff_ids]
        manifest = manifests.with_layers(original, layers)
        digest = self._repository.put_manifest(self._name.tag, manifest.raw, manifest.media_type)
        self._record(manifest, sent)
        size = len(manifest.raw)
        self._reporter.say(f"{self._name.tag}: digest: {digest} size: {size}")
        self._reporter.say("", result={"Tag": self._name.tag, "Digest": digest, "Size": size})
        self._announce("push", self._image, self._name.familiar_repository, self._name.familiar)
        return digest

    def _manifest(self) -> Manifest:
        """The one that this repository knows already, else the one the image came with."""
        digests = [
            Reference.parse(one).digest
            for one in self._image.digests
            if Reference.parse(one).repository == self._name.repository
        ]
        for digest in (*digests, self._image.manifest):
            with contextlib.suppress(NotFound):
                found = manifests.parse(self._store.content.read(digest))
                if isinstance(found, Manifest) and found.config.digest == self._image.id:
                    return found
        raise NotFound(f'the manifest of "{self._name.familiar}" is not in the store')

    # layers -----------------------------------------------------------------------------------

    def _send_layers(
        self, diff_ids: Sequence[DiffId], known: dict[DiffId, Descriptor]
    ) -> dict[DiffId, _Sent]:
        """All of them, several at once. The first failure ends the others."""
        jobs: dict[DiffId, Future[_Sent]] = {
            one: self._pool.submit(self._send_layer, one, known[one]) for one in diff_ids
        }
        try:
            while True:
                done, left = wait(jobs.values(), LOOK_S, FIRST_EXCEPTION)
                for one in done:
                    one.result()
                if not left:
                    return {diff_id: job.result() for diff_id, job in jobs.items()}
                self._reporter.check()
        except BaseException:
            self._reporter.leave()
            for job in jobs.values():
                job.cancel()
            wait(jobs.values())
            raise

    def _send_layer(self, diff_id: DiffId, known: Descriptor) -> _Sent:
        """See the module. `known`: the layer in the manifest the image came with."""
        shown = short(diff_id)
        self._reporter.check()
        rows, sources = self._store.db.read(
            lambda tx: (content.layer_blobs(tx, diff_id), layerorigins.of_layer(tx, diff_id))
        )
        here = [source for source in sources if _domain(source) == self._name.domain]
        for candidate in _candidates(known, here):
            if self._repository.blob_size(candidate.descriptor.digest) is not None:
                self._reporter.say("Layer already exists", shown)
                return candidate
        location = ""
        for source in here:
            if source.repository != self._name.repository and not location:
                location = self._repository.mount(source.digest, _path(source.repository))
                if not location:
                    self._reporter.say(f"Mounted from {_familiar(source)}", shown)
                    return _sent(source)
        return self._send_bytes(diff_id, known, dict(rows), location)

    def _send_bytes(
        self, diff_id: DiffId, known: Descriptor, rows: dict[str, str], location: str
    ) -> _Sent:
        """As it came, else another blob of the layer that is compressed, else compressed now."""
        packed = [one for one in rows if one != diff_id]
        digest = known.digest if known.digest in packed else next(iter(packed), "")
        if digest:
            size = self._store.content.size(digest)
            kind = known.media_type if digest == known.digest else rows[digest]
            blob = Blob(Digest(digest), size, lambda start: _read(self._open(digest), start))
            self._upload(blob, diff_id, location)
            return _Sent(Descriptor(kind, Digest(digest), size, annotations=known.annotations))
        with self._compressed(diff_id) as (blob, kind):
            if self._repository.blob_size(blob.digest) is not None:
                self._reporter.say("Layer already exists", short(diff_id))
            else:
                self._share(blob, diff_id, kind)
                self._upload(blob, diff_id, location)
            return _Sent(Descriptor(kind, blob.digest, blob.size), GzipWriter.MADE_BY)

    def _share(self, blob: Blob, diff_id: DiffId, kind: str) -> None:
        """Keep what was compressed where the hub looks too, if it does."""
        if self._sharing.is_on:
            self._sharing.keep(diff_id, blob, kind, self._lease, self._reporter.check)

    def _upload(self, blob: Blob, diff_id: DiffId, location: str) -> None:
        if self._sharing.link(blob.digest):
            self._reporter.say("Layer already exists", short(diff_id))
            return
        listener = _Listener(self._reporter, short(diff_id))
        listener.sent(0, blob.size)
        upload(self._repository, blob, listener, location)
        self._reporter.say("Pushed", short(diff_id))

    def _open(self, digest: str) -> IO[bytes]:
        return self._store.content.open(digest)

    @contextlib.contextmanager
    def _compressed(self, diff_id: DiffId) -> Iterator[tuple[Blob, str]]:
        """The plain blob as a gzip stream in a file of no name: the same bytes can be made again at any time."""
        with tempfile.TemporaryFile(dir=self._store.root) as file:
            with self._open(self._layers.archive(diff_id, self._lease)) as plain:
                try:
                    digest, size = compress(plain, file, self._reporter.check)
                except OSError as error:
                    raise disk_error(error) from error
            blob = Blob(
                digest, size, lambda start: _read(os.fdopen(os.dup(file.fileno()), "rb"), start)
            )
            yield blob, media_type.DOCKER_LAYER_GZIP

    # documents --------------------------------------------------------------------------------

    def _send_config(self) -> None:
        raw = self._image.config.raw
        digest = self._image.config.id
        if self._repository.blob_size(digest) is None and not self._sharing.link(digest):
            blob = Blob(digest, len(raw), lambda start: iter((raw[start:],)))
            upload(self._repository, blob, _Listener(self._reporter, ""))

    def _record(self, manifest: Manifest, sent: dict[DiffId, _Sent]) -> None:
        """The repository knows the image by this digest now, and each layer by its own."""
        digest = self._store.content.put(manifest.raw, self._lease)

        def write(tx: Tx) -> None:
            images.add_repo_digest(tx, self._name.repository, digest, self._image.id)
            for diff_id, one in sent.items():
                found = one.descriptor
                layerorigins.insert(
                    tx,
                    LayerOrigin(
                        diff_id,
                        found.digest,
                        self._name.repository,
                        found.media_type,
                        found.size,
                        one.made_by,
                    ),
                )

        self._store.db.write(write)


class _Listener:
    """Hears of one upload."""

    def __init__(self, reporter: Reporter, shown: str) -> None:
        self._reporter = reporter
        self._shown = shown

    def sent(self, current: int, total: int) -> None:
        if self._shown:
            self._reporter.count(PUSHING, self._shown, current, total)

    def pause(self, seconds: float) -> None:
        self._reporter.hear(f"Retrying in {max(round(seconds), 1)} seconds", self._shown)
        self._reporter.wait(seconds)


class _Hashed:
    """A file that is hashed as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> Digest:
        return Digest(f"sha256:{self._hash.hexdigest()}")

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)
        self.size += len(data)


def compress(plain: IO[bytes], out: IO[bytes], check: Callable[[], None]) -> tuple[Digest, int]:
    """A gzip stream of `plain` in `out`; its digest and size. `check` may end it by raising."""
    hashed = _Hashed(out)
    writer = GzipWriter(hashed)
    while data := plain.read(PIECE):
        writer.write(data)
        check()
    writer.close()
    out.flush()
    return hashed.digest, hashed.size


def short(diff_id: str) -> str:
    """Twelve digits."""
    return diff_id.partition(":")[2][:12]


def _candidates(known: Descriptor, here: Sequence[LayerOrigin]) -> list[_Sent]:
    """What the repository may have the layer as: a plain layer is never sent as such."""
    found = [_sent(one) for one in here]
    if known.media_type not in media_type.PLAIN_LAYERS:
        found.insert(0, _Sent(known))
    return list({one.descriptor.digest: one for one in found}.values())


def _sent(one: LayerOrigin) -> _Sent:
    return _Sent(Descriptor(one.media_type, Digest(one.digest), one.size_bytes), one.made_by)


def _domain(source: LayerOrigin) -> str:
    return source.repository.partition("/")[0]


def _path(repository: str) -> str:
    return repository.partition("/")[2]


def _familiar(source: LayerOrigin) -> str:
    return _path(source.repository)


def _read(file: IO[bytes], start: int) -> Iterator[bytes]:
    """From `start` on; the file is closed at the end."""
    with file:
        offset = start
        while data := os.pread(file.fileno(), PIECE, offset):
            offset += len(data)
            yield data
