"""Images in and out of archives: import of a root file system, load and save; blocking.

Load reads its archive once, front to back: every member becomes a blob under a lease, then the manifest tells
which of them count, and the collector takes the rest. Nothing is visible before the last transaction.
Formats: docker-archive (`manifest.json`) and OCI layout (`index.json`); save writes one archive that is both,
as Docker 28 does. Source: image-spec v1.1 image-layout.md.
"""

import contextlib
import io
import platform as machine
import secrets
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO

from gorae.build import remote
from gorae.build.cancel import Cancel
from gorae.dockerfile.change import apply_changes
from gorae.engine.images import Image, Images
from gorae.engine.layers import Layers
from gorae.engine.recorder import Recorder
from gorae.engine.unpack import unpack_all
from gorae.engine.when import rfc3339
from gorae.errors import InvalidArgument, NotFound
from gorae.oci import manifest as manifests
from gorae.oci import media_type, text
from gorae.oci.annotation import Annotations
from gorae.oci.config import History, ImageConfig, RunConfig
from gorae.oci.digest import DiffId, Digest, parse_digest
from gorae.oci.manifest import Descriptor, Index, Manifest, Platform
from gorae.oci.reference import Reference
from gorae.oci.tar.header import Entry
from gorae.store.archive.apply import ForwardReader, clean_name, members
from gorae.store.archive.compression import Reader
from gorae.store.ingest import Ingest
from gorae.store.lease import Lease

PIECE = 1 << 20
MAX_DOCUMENT_BYTES = 16 << 20
MAX_MEMBERS = 10_000
REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
Progress = Callable[[str], None]


def host_architecture() -> str:
    """In Go's words: amd64, arm64 ..."""
    return GO_ARCHITECTURES.get(machine.machine(), machine.machine())


class ImageArchives:
    """Import, load and save."""

    def __init__(self, service: Images, layers: Layers, recorder: Recorder) -> None:
        self._images = service
        self._store = service.store
        self._layers = layers
        self._recorder = recorder

    # import -----------------------------------------------------------------------------------

    def open_url(self, url: str) -> BinaryIO:
        """What a URL gives, as a file that nobody else sees; `http://` where no scheme is said, as docker has it.

        Raises:
            NotFound, Unavailable: the server's answer. InvalidArgument: too large, or another scheme.
        """
        scheme, found, _ = url.partition("://")
        if found and scheme not in ("http", "https"):
            raise InvalidArgument(f"invalid import source {url!r}: wanted http or https")
        place = self._store.root / "build" / "tmp" / f"import-{secrets.token_hex(8)}"
        place.parent.mkdir(mode=0o711, parents=True, exist_ok=True)  # emptied at every start
        try:
            with contextlib.closing(Cancel()) as nobody_cancels:
                remote.download(url if found else f"http://{url}", place, nobody_cancels)
            return place.open("rb")
        finally:
            place.unlink(missing_ok=True)

    def import_rootfs(
        self,
        source: BinaryIO,
        *,
        reference: str = "",
        changes: Sequence[str] = (),
        message: str = "",
        created_ns: int = 0,
        history: History | None = None,
        config: RunConfig | None = None,
    ) -> Image:
        """An image of one layer, which is the archive; `changes` are Dockerfile instructions.

        Raises:
            InvalidArgument: a corrupt archive, a bad change or name. Unavailable: the disk is full.
        """
        name = Reference.parse(reference).with_default_tag() if reference else None
        run_config = apply_changes(config or RunConfig(), changes)
        created = rfc3339(created_ns or time.time_ns())
        with self._store.lease() as lease:
            digest, size = self._spool(Reader(source), lease)
            diff_id = DiffId(digest)
            unpack_all(self._layers, [diff_id], {diff_id: digest}, lease)
            made = ImageConfig.make(
                architecture=host_architecture(),
                os="linux",
                created=created,
                config=run_config,
                diff_ids=(diff_id,),
                history=(history or History(created=created, comment=message),),
            )
            layer = Descriptor(media_type.DOCKER_LAYER, digest, size)
            self._recorder.record(made, [layer], lease, [name.normalized] if name else [])
        image = self._images.resolve(made.id)
        self._images.announce("import", image, name.familiar if name else "")
        return image

    def _spool(self, source: Reader | ForwardReader, lease: Lease) -> tuple[Digest, int]:
        """Plain bytes into the content store."""
        with self._store.content.ingest(lease=lease) as ingest:
            while data := source.read(PIECE):
                ingest.write(data)
            return ingest.commit(), ingest.size

    # load -------------------------------------------------------------------------------------

    def load(self, source: BinaryIO, progress: Progress) -> list[Image]:
        """Every image of the archive; `progress` gets docker's lines.

        Raises:
            InvalidArgument: no image archive, corrupt, or a digest that does not match.
        """
        with self._store.lease() as lease:
            archive = self._read_archive(source, lease)
            found = list(archive.images())
            if not found:
                raise InvalidArgument(
                    "invalid archive: does not contain a manifest.json or an index.json"
                )
            loaded = []
            for one in found:
                loaded.append(self._load_one(archive, one, progress))
        self._store.collector.collect()
        return loaded

    def _load_one(self, archive: "_Archive", one: "_Entry", progress: Progress) -> Image:
        config = ImageConfig.parse(archive.document(one.config))
        if len(config.diff_ids) != len(one.layers):
            raise InvalidArgument(
                f"invalid manifest, layers length mismatch: expected {len(config.diff_ids)}, "
                f"got {len(one.layers)}"
            )
        with self._store.lease() as lease:
            blobs = {
                diff_id: archive.digest(name)
                for diff_id, name in zip(config.diff_ids, one.layers, strict=True)
            }
            unpack_all(self._layers, config.diff_ids, blobs, lease)
            layers = [self._layer(blobs[diff_id], diff_id) for diff_id in config.diff_ids]
            names = [Reference.parse(tag).with_default_tag().normalized for tag in one.names]
            self._recorder.record(config, layers, lease, names, one.manifest)
        image = self._images.resolve(config.id)
        self._images.announce("load", image)
        for tag in names:
            progress(f"Loaded image: {Reference.parse(tag).familiar}\n")
        if not names:
            progress(f"Loaded image ID: {config.id}\n")
        return image

    def _layer(self, digest: Digest, diff_id: DiffId) -> Descriptor:
        plain = str(digest) == diff_id
        kind = media_type.DOCKER_LAYER if plain else media_type.DOCKER_LAYER_GZIP
        if not plain:
            with self._store.content.open(digest) as file:
                if Reader(file).kind == "zstd":
                    kind = media_type.OCI_LAYER_ZSTD
        return Descriptor(kind, digest, self._store.content.size(digest))

    def _read_archive(self, source: BinaryIO, lease: Lease) -> "_Archive":
        stream = ForwardReader(Reader(source), hashed=False)
        archive = _Archive(self._store.content.read)
        with _Commits(archive.files) as commits:
            for number, member in enumerate(members(stream)):
                if number > MAX_MEMBERS:
                    raise InvalidArgument(f"invalid archive: more than {MAX_MEMBERS} members")
                name = clean_name(member.name)
                if member.isreg():
                    ingest = self._store.content.ingest(
                        expected_digest=_expected(name), expected_size=member.size, lease=lease
                    )
                    with contextlib.ExitStack() as held:
                        held.enter_context(ingest)
                        for piece in stream.pieces(member.size):
                            ingest.write(piece)
                        commits.start(name, ingest, held.pop_all())
                elif member.issym() or member.islnk():
                    archive.links[name] = _link_target(name, member)
            stream.finish()
        return archive

    # save -------------------------------------------------------------------------------------

    def save(self, asked: Sequence[str], out: BinaryIO) -> None:
        """Write one archive of these images. Raises: NotFound: one of them is not here."""
        wanted: dict[str, tuple[Image, list[Reference]]] = {}
        for one, image in self._asked(asked):
            _, names = wanted.setdefault(image.id, (image, []))
            names += _names_asked(one, image)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=PIECE) as tar:
            tar.copybufsize = PIECE  # type: ignore[attr-defined]
            _Writer(tar, self._store.content, self._store.layers.blob, self._store.root).write(
                list(wanted.values())
            )

    def check(self, asked: Sequence[str]) -> None:
        """Raises: NotFound: one of them is not here, as it was typed."""
        for _ in self._asked(asked):
            pass

    def _asked(self, asked: Sequence[str]) -> Iterator[tuple[str, Image]]:
        for one in asked:
            try:
                yield one, self._images.resolve(one)
            except NotFound as error:
                bare = ":" not in one.rpartition("/")[2]
                words = error.message.removesuffix(":latest") if bare else error.message
                raise NotFound(words) from None

    def write(
        self,
        tar: tarfile.TarFile,
        image: Image,
        names: list[Reference],
        *,
        docker: bool,
        annotations: Annotations = Annotations(),
    ) -> None:
        """One image, recorded here or not, whose layers are; without `docker` as an OCI layout alone."""
        _Writer(
            tar,
            self._store.content,
            self._store.layers.blob,
            self._store.root,
            docker=docker,
            annotations=annotations,
        ).write([(image, names)])


class _Commits:
    """Members brought to the disk by a thread while the next are read; a context that ends when all of them are."""

    AHEAD = 8

    def __init__(self, committed: dict[str, Digest]) -> None:
        self._committed = committed
        self._pool = ThreadPoolExecutor(1, "commit")
        self._under_way: deque[tuple[str, Future[Digest]]] = deque()

    def start(self, name: str, ingest: Ingest, held: contextlib.ExitStack) -> None:
        """Commit a member that is written, and close what is held for it. Raises: an earlier one's failure."""

        def commit() -> Digest:
            with held:
                return ingest.commit()

        self._under_way.append((name, self._pool.submit(commit)))
        if len(self._under_way) > self.AHEAD:
            self._take()

    def _take(self) -> None:
        name, one = self._under_way.popleft()
        self._committed[name] = one.result()

    def __enter__(self) -> "_Commits":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        while self._under_way and error is None:
            self._take()


def _expected(name: str) -> str:
    """Members of an OCI layout bear their digest as a name."""
    head, _, hexadecimal = name.rpartition("/")
    if head == "blobs/sha256":
        return parse_digest(f"sha256:{hexadecimal}")
    return ""


def _link_target(name: str, member: Entry) -> str:
    """Where a link inside the archive leads; out of it is refused."""
    if member.islnk():
        return clean_name(member.linkname)
    parts = name.split("/")[:-1]
    for part in member.linkname.split("/"):
        if part == "..":
            if not parts:
                raise InvalidArgument(f'invalid archive: link "{name}" leads out of it')
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if member.linkname.startswith("/"):
        raise InvalidArgument(f'invalid archive: link "{name}" leads out of it')
    return "/".join(parts)


def _names_asked(asked: str, image: Image) -> list[Reference]:
    """The names to save with: the one asked for; all of a repository asked for without a tag; none for an id."""
    try:
        reference = Reference.parse(asked)
    except InvalidArgument:
        return []
    if reference.tag:
        return [reference] if reference.normalized in image.names else []
    if reference.with_default_tag().normalized in image.names:
        return [reference.with_default_tag()]
    return []


@dataclass(slots=True)
class _Entry:
    """One image of an archive: members' names."""

    config: str
    layers: list[str]
    names: list[str]
    manifest: Manifest | None = None


@dataclass(slots=True)
class _Archive:
    """What an archive holds: member -> digest of its blob."""

    read: Callable[[str], bytes]
    files: dict[str, Digest] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def digest(self, name: str) -> Digest:
        """Raises: InvalidArgument: the archive lacks the member."""
        path = clean_name(name)
        for _ in range(8):
            if path in self.files:
                return self.files[path]
            path = self.links.get(path, "")
        raise InvalidArgument(f'invalid archive: "{name}" is missing')

    def document(self, name: str) -> bytes:
        """A small member's bytes."""
        return self.read(self.digest(name))

    def images(self) -> Iterator[_Entry]:
        """By manifest.json where it is, else by the OCI index."""
        if "manifest.json" in self.files:
            yield from self._docker_entries()
        elif "index.json" in self.files:
            index = manifests.parse(self.document("index.json"))
            if isinstance(index, Index):
                yield from self._oci_entries(index, [], 0)

    def _docker_entries(self) -> Iterator[_Entry]:
        for one in text.load_list(self.document("manifest.json"), "manifest.json"):
            if not isinstance(one, dict):
                raise InvalidArgument("manifest.json: an entry is no object")
            layers = [str(n) for n in text.want(one, "Layers", list, "manifest.json", [])]
            names = [str(n) for n in text.want(one, "RepoTags", list, "manifest.json", [])]
            yield _Entry(text.want(one, "Config", str, "manifest.json", ""), layers, names)

    def _oci_entries(self, index: Index, names: list[str], depth: int) -> Iterator[_Entry]:
        for one in _for_this_host(index.manifests):
            name = one.annotations.get(CONTAINERD_NAME) or _full_name(
                one.annotations.get(REF_NAME, "")
            )
            found = manifests.parse(self.document(_blob(one.digest)), one.media_type)
            here = [name] if name else names
            if isinstance(found, Manifest):
                layers = [_blob(layer.digest) for layer in found.layers]
                yield _Entry(_blob(found.config.digest), layers, here, found)
            elif depth < 4:
                yield from self._oci_entries(found, here, depth + 1)


def _for_this_host(found: Iterable[Descriptor]) -> list[Descriptor]:
    """Without those of other platforms and without attestations."""
    own = host_architecture()
    return [
        one
        for one in found
        if one.platform is None
        or (one.platform.architecture in (own, "") and one.platform.os in ("linux", ""))
    ]


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest.partition(':')[2]}"


def _full_name(ref_name: str) -> str:
    """An annotation that is a whole reference; a bare tag names nothing."""
    return ref_name if "/" in ref_name or ":" in ref_name else ""


class _Writer:
    """Writes the archive of `save`."""

    def __init__(
        self,
        tar: tarfile.TarFile,
        blobs: Any,
        layer_blob: Callable[[DiffId], Digest],
        spool: Path,
        *,
        docker: bool = True,
        annotations: Annotations = Annotations(),
    ) -> None:
        self._docker = docker
        self._annotations = annotations
        self._spool = spool
        self._tar = tar
        self._blobs = blobs
        self._layer_blob = layer_blob
        self._written: set[str] = set()

    def write(self, wanted: list[tuple[Image, list[Reference]]]) -> None:
        for directory in ("blobs", "blobs/sha256"):
            info = tarfile.TarInfo(directory)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            self._tar.addfile(info)
        docker: list[dict[str, Any]] = []
        descriptors: list[Descriptor] = []
        repositories: dict[str, dict[str, str]] = {}
        for image, names in wanted:
            layers = tuple(self._layer(diff_id) for diff_id in image.config.diff_ids)
            self._add(_blob(image.id), image.config.raw)
            config = Descriptor(media_type.OCI_CONFIG, Digest(image.id), len(image.config.raw))
            notes = self._annotations
            manifest = manifests.make_manifest(
                config, layers, media_type.OCI_MANIFEST, notes.manifest
            )
            self._add(_blob(manifest.digest), manifest.raw)
            descriptors += [
                replace(one, annotations={**one.annotations, **notes.descriptor})
                for one in _index_entries(manifest, names, image)
            ]
            docker.append(
                {
                    "Config": _blob(image.id),
                    "RepoTags": [one.familiar for one in names] or None,
                    "Layers": [_blob(one.digest) for one in layers],
                    "LayerSources": {one.digest: one.to_document() for one in layers},
                }
            )
            for name in names:
                last = layers[-1].digest if layers else image.id
                repositories.setdefault(name.familiar_repository, {})[name.tag] = last[7:]
        self._add(
            "index.json", manifests.make_index(tuple(descriptors), self._annotations.index).raw
        )
        if self._docker:
            self._add("manifest.json", text.dump(docker))
        self._add("oci-layout", text.dump({"imageLayoutVersion": "1.0.0"}))
        if repositories and self._docker:
            self._add("repositories", text.dump(repositories))

    def _layer(self, diff_id: DiffId) -> Descriptor:
        """A layer goes plain, under its diff_id, whatever its blob is."""
        digest = self._layer_blob(diff_id)
        size = self._blobs.size(digest)
        if str(digest) == diff_id:
            with self._blobs.open(digest) as file:
                return self._add_layer(diff_id, size, file)
        with tempfile.TemporaryFile(dir=self._spool) as plain, self._blobs.open(digest) as file:
            size = _inflate(Reader(file), plain)
            return self._add_layer(diff_id, size, plain)

    def _add_layer(self, diff_id: DiffId, size: int, plain: IO[bytes]) -> Descriptor:
        if diff_id not in self._written:
            self._written.add(diff_id)
            self._tar.addfile(_file_info(_blob(diff_id), size), plain)
        return Descriptor(media_type.OCI_LAYER, Digest(diff_id), size)

    def _add(self, name: str, data: bytes) -> None:
        if name not in self._written:
            self._written.add(name)
            self._tar.addfile(_file_info(name, len(data)), io.BytesIO(data))


def _file_info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info


def _index_entries(manifest: Manifest, names: list[Reference], image: Image) -> list[Descriptor]:
    platform = Platform(image.config.architecture, image.config.os, image.config.variant)
    plain = Descriptor(manifest.media_type, manifest.digest, len(manifest.raw), platform)
    if not names:
        return [plain]
    return [
        Descriptor(
            plain.media_type,
            plain.digest,
            plain.size,
            platform,
            {CONTAINERD_NAME: one.normalized, REF_NAME: one.tag},
        )
        for one in names
    ]


def _inflate(source: Reader, out: IO[bytes]) -> int:
    """Plain bytes into a file, which is then at its beginning: a tar says how long a member is before it comes."""
    total = 0
    while data := source.read(PIECE):
        out.write(data)
        total += len(data)
    out.seek(0)
    return total
