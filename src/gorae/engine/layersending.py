"""Layers sent to a repository, each by the cheapest way that it offers; blocking.

It has the very blob; it has it in another repository and mounts it; it gets the bytes, as they came or compressed now.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import IO

from gorae.engine.layers import Layers
from gorae.engine.progress import Reporter
from gorae.engine.sharing import Sharing
from gorae.oci import media_type
from gorae.oci.digest import DiffId, Digest, digest_of
from gorae.oci.manifest import Descriptor
from gorae.oci.reference import Reference
from gorae.registry.repository import Repository
from gorae.registry.upload import Blob, upload
from gorae.store.archive.compression import GzipWriter
from gorae.store.db import Tx
from gorae.store.ingest import disk_error
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import content, layerorigins
from gorae.store.tables.layerorigins import LayerOrigin

PIECE = 1 << 20
LOOK_S = 0.2
PUSHING = "Pushing"


@dataclass(frozen=True, slots=True)
class Sent:
    """A layer as the repository has it now."""

    descriptor: Descriptor
    made_by: str = ""


class LayerSender:
    """Sends layers to the repository of `name`."""

    def __init__(
        self,
        store: Store,
        layers: Layers,
        pool: ThreadPoolExecutor,
        repository: Repository,
        name: Reference,
        reporter: Reporter,
        lease: Lease,
    ) -> None:
        self._store = store
        self._layers = layers
        self._lease = lease
        self._pool = pool
        self._repository = repository
        self._name = name
        self._reporter = reporter
        self.sharing = Sharing(store, repository)

    def send(
        self, diff_ids: Sequence[DiffId], known: Mapping[DiffId, Descriptor]
    ) -> dict[DiffId, Sent]:
        """All of them, several at once; the first failure ends the others. `known`: layers as a manifest names them."""
        jobs: dict[DiffId, Future[Sent]] = {
            one: self._pool.submit(self._send_layer, one, known.get(one)) for one in diff_ids
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

    def _send_layer(self, diff_id: DiffId, known: Descriptor | None) -> Sent:
        """See the module."""
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
        self, diff_id: DiffId, known: Descriptor | None, rows: dict[str, str], location: str
    ) -> Sent:
        """As it came, else another blob of the layer that is compressed, else compressed now."""
        packed = [one for one in rows if one != diff_id]
        is_known = known is not None and known.digest in packed
        digest = known.digest if known and is_known else next(iter(packed), "")
        if digest:
            size = self._store.content.size(digest)
            kind = known.media_type if known and is_known else rows[digest]
            notes = known.annotations if known else {}
            blob = Blob(Digest(digest), size, lambda start: _read(self._open(digest), start))
            self._upload(blob, diff_id, location)
            return Sent(Descriptor(kind, Digest(digest), size, annotations=notes))
        with self._compressed(diff_id) as (blob, kind):
            if self._repository.blob_size(blob.digest) is not None:
                self._reporter.say("Layer already exists", short(diff_id))
            else:
                self._share(blob, diff_id, kind)
                self._upload(blob, diff_id, location)
            return Sent(Descriptor(kind, blob.digest, blob.size), GzipWriter.MADE_BY)

    def _share(self, blob: Blob, diff_id: DiffId, kind: str) -> None:
        """Keep what was compressed where the hub looks too, if it does."""
        if self.sharing.is_on:
            self.sharing.keep(diff_id, blob, kind, self._lease, self._reporter.check)

    def _upload(self, blob: Blob, diff_id: DiffId, location: str) -> None:
        if self.sharing.link(blob.digest):
            self._reporter.say("Layer already exists", short(diff_id))
            return
        listener = Listener(self._reporter, short(diff_id))
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

    def blob(self, found: Descriptor, fetch: Callable[[], str]) -> None:
        """A blob as it is, where the repository has none; `fetch` brings it into the store."""
        if self._repository.blob_size(found.digest) is not None:
            return
        digest = fetch()
        size = self._store.content.size(digest)
        blob = Blob(Digest(digest), size, lambda start: _read(self._open(digest), start))
        upload(self._repository, blob, Listener(self._reporter, short(digest)))

    def document(self, raw: bytes) -> Digest:
        """A small blob: a config."""
        digest = digest_of(raw)
        if self._repository.blob_size(digest) is None and not self.sharing.link(digest):
            blob = Blob(digest, len(raw), lambda start: iter((raw[start:],)))
            upload(self._repository, blob, Listener(self._reporter, ""))
        return digest

    def record(self, tx: Tx, sent: Mapping[DiffId, Sent]) -> None:
        """The repository knows each layer by its own digest now."""
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


class Listener:
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


def _candidates(known: Descriptor | None, here: Sequence[LayerOrigin]) -> list[Sent]:
    """What the repository may have the layer as: a plain layer is never sent as such."""
    found = [_sent(one) for one in here]
    if known is not None and known.media_type not in media_type.PLAIN_LAYERS:
        found.insert(0, Sent(known))
    return list({one.descriptor.digest: one for one in found}.values())


def _sent(one: LayerOrigin) -> Sent:
    return Sent(Descriptor(one.media_type, Digest(one.digest), one.size_bytes), one.made_by)


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
