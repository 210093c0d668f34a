"""A build's cache written to where other engines find it: `--cache-to`; blocking.

inline     into the image's config: the steps of the target
local      an OCI layout in a folder of the client's
registry   a manifest with the cache's config, or with image-manifest=false an index of its parts

mode=min writes the steps that the image is made of, mode=max those of every stage that the target needs.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO

from gorae.build import cachekey, layout
from gorae.build.layout import Layout
from gorae.build.offers import Offer
from gorae.build.progress import Vertex
from gorae.build.request import BuildRequest
from gorae.build.result import Cache
from gorae.build.session import ContextTree, Session
from gorae.build.solver import Solving
from gorae.build.vertex import Plan, State, Step
from gorae.engine.layers import Layers
from gorae.engine.layersending import LayerSender, compress
from gorae.engine.progress import Reporter
from gorae.engine.progress import Step as Told
from gorae.engine.pushes import Pushes
from gorae.errors import GoraeError, InvalidArgument
from gorae.oci import cacheconfig, media_type, text
from gorae.oci import manifest as manifests
from gorae.oci.cacheconfig import CacheConfig, CacheLayer, CacheRecord
from gorae.oci.digest import DiffId, digest_of
from gorae.oci.manifest import Descriptor, Index, Manifest
from gorae.oci.reference import Reference
from gorae.store.archive.compression import Reader
from gorae.store.store import Store

MODES = ("", "min", "max")
Wanted = dict[DiffId, Offer | None]
"""Layers in the order of their numbers; with the offer of one that is not here."""
TYPES = ("inline", "local", "registry")


@dataclass(frozen=True, slots=True)
class Solved:
    """What is exported: a plan and what became of it."""

    plan: Plan
    solving: Solving


class CacheExports:
    """The service."""

    def __init__(self, store: Store, layers: Layers, cache: Cache, pushes: Pushes) -> None:
        self._store = store
        self._layers = layers
        self._cache = cache
        self._pushes = pushes

    def check(self, request: BuildRequest) -> None:
        """Before anything is built. Raises: InvalidArgument: an unknown type or mode, no place."""
        for one in request.cache_to:
            if one.get("type") not in TYPES:
                raise InvalidArgument(
                    f'cache type "{one.get("type", "")}" is not supported: it is one of {", ".join(TYPES)}'
                )
            if one.get("mode", "") not in MODES:
                raise InvalidArgument(f'cache mode "{one["mode"]}" is neither min nor max')
            if one.get("compression", "gzip") != "gzip":
                raise InvalidArgument(f'cache compression "{one["compression"]}": it is gzip alone')
            if one.get("type") == "registry":
                Reference.parse(one.get("ref", ""))

    def inline(self, request: BuildRequest, solved: Solved) -> str:
        """What goes into the image's config; empty where it was not asked for."""
        asked = any(one.get("type") == "inline" for one in request.cache_to)
        if request.squash:
            return ""  # its layers are not those of the steps
        if not asked and request.build_args.get("BUILDKIT_INLINE_CACHE", "") not in ("1", "true"):
            return ""
        records = []
        for step in _chain(solved.plan):
            result = solved.solving.peek(State(solved.plan.target.base, step))
            record = self._record(step, solved, 0)
            if result is not None and record is not None:
                number = len(result.diff_ids) - 1
                records.append(replace(record, layer=number, took_ns=0))
        return cacheconfig.inline(CacheConfig(tuple(records))) if records else ""

    def deliver(
        self,
        request: BuildRequest,
        solved: Solved,
        session: Session,
        folders: Mapping[str, ContextTree],
    ) -> None:
        """Every export but the inline one. Raises: GoraeError: one failed, unless ignore-error was said."""
        for one in request.cache_to:
            kind = one.get("type", "")
            if kind == "inline":
                continue
            where = "client directory" if kind == "local" else "registry"
            vertex = session.progress.begin(f"exporting cache to {where}")
            try:
                records, wanted = self._collect(solved, every=one.get("mode") == "max")
                if not records:
                    session.progress.status(vertex, "there is nothing to export", done=True)
                elif kind == "local":
                    self._to_folder(one, records, wanted, session, vertex, folders)
                else:
                    self._to_registry(one, records, wanted, request, session, vertex)
            except GoraeError as error:
                session.progress.end(vertex, error=error.message)
                if one.get("ignore-error", "").lower() not in ("1", "t", "true"):
                    raise
                continue
            session.progress.end(vertex)

    # what is exported -------------------------------------------------------------------------

    def _collect(self, solved: Solved, *, every: bool) -> tuple[list[CacheRecord], "Wanted"]:
        """Records, and the layers that they number: what was imported and not needed is passed on."""
        steps = solved.plan.steps if every else _chain(solved.plan)
        records: list[CacheRecord] = []
        wanted: Wanted = {}
        for step in steps:
            solved.solving.peek(State(solved.plan.target.base, step))
            offer = solved.solving.offered(step)
            if offer is not None:
                diff_id, record = offer.layer.diff_id, offer.record
            else:
                rows = self._cache.rows(solved.solving.names(step)[:1])
                found = self._record(step, solved, 0) if rows else None
                if found is None or not rows[0].diff_id:
                    continue
                diff_id, record = DiffId(rows[0].diff_id), found
            wanted.setdefault(diff_id, offer)
            if all(record.key != one.key for one in records):
                records.append(replace(record, layer=list(wanted).index(diff_id)))
        return records, wanted

    def _record(self, step: Step, solved: Solved, layer: int) -> CacheRecord | None:
        names = solved.solving.names(step)
        rows = self._cache.rows(names[:1])
        if not rows:
            return None
        row = rows[0]
        parts = json.loads(row.parts)
        if cachekey.key_of(parts) != row.key:
            return None  # the value of a secret stood in them: what is kept hides it
        return CacheRecord(
            key=row.key,
            layer=layer,
            created_ns=row.created_ns,
            parts=parts,
            aliases=tuple(one for one in names[1:] if one != row.key),
            took_ns=row.took_ns,
        )

    # a registry -------------------------------------------------------------------------------

    def _to_registry(
        self,
        asked: Mapping[str, str],
        records: Sequence[CacheRecord],
        wanted: Wanted,
        request: BuildRequest,
        session: Session,
        vertex: Vertex,
    ) -> None:
        name = Reference.parse(asked["ref"]).with_default_tag()

        def emit(step: Told | None) -> None:
            session.cancel.check()
            if step is not None and step.id and step.total:
                what = f"writing layer {step.id}"
                session.progress.status(vertex, what, current=step.current, total=step.total)

        reporter = Reporter(emit)
        repository = self._pushes.repository(name, request.credentials_for(name.domain), reporter)
        with self._store.lease() as lease:
            sender = self._pushes.sender(repository, name, reporter, lease)
            own = [diff_id for diff_id, offer in wanted.items() if offer is None]
            for one in own:
                self._layers.hold([one], lease)
            sent = sender.send(own, {})
            layers = []
            for diff_id, offer in wanted.items():
                if offer is not None:
                    self._pass_on(offer, sender, session)
                    layers.append(offer.layer)
                else:
                    layers.append(CacheLayer(sent[diff_id].descriptor, diff_id))
            raw = cacheconfig.dump(CacheConfig(tuple(records), tuple(layers)))
            digest = sender.document(raw)
            config = Descriptor(cacheconfig.MEDIA_TYPE, digest, len(raw))
            manifest = _manifest(config, layers, as_image=_as_image(asked))
            repository.put_manifest(name.tag, manifest.raw, manifest.media_type)
            self._store.db.write(lambda tx: sender.record(tx, sent))
        session.progress.status(vertex, f"writing cache manifest {manifest.digest}", done=True)

    def _pass_on(self, offer: Offer, sender: LayerSender, session: Session) -> None:
        """An imported layer's blob, which the repository most often has."""

        def fetch() -> str:
            return offer.bring(offer.layer, session.lease, session.cancel)

        sender.blob(offer.layer.blob, fetch)

    # a folder ---------------------------------------------------------------------------------

    def _to_folder(
        self,
        asked: Mapping[str, str],
        records: Sequence[CacheRecord],
        wanted: Wanted,
        session: Session,
        vertex: Vertex,
        folders: Mapping[str, ContextTree],
    ) -> None:
        """As a tar that the client unpacks; what the folder has already is not sent again. Its index comes last."""
        folder = folders.get(asked.get("folder", ""))
        there = _There(Layout(folder.tree) if folder is not None else None)
        stream = session.client.output("local", asked.get("dest", ""))
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            layers = [
                self._write_layer(tar, diff_id, offer, there, session, vertex)
                for diff_id, offer in wanted.items()
            ]
            raw = cacheconfig.dump(CacheConfig(tuple(records), tuple(layers)))
            config = Descriptor(cacheconfig.MEDIA_TYPE, digest_of(raw), len(raw))
            manifest = _manifest(config, layers, as_image=_as_image(asked))
            for document in (raw, manifest.raw):
                _add(tar, layout.blob_path(digest_of(document)), document)
            _add(tar, layout.LAYOUT, text.dump({"imageLayoutVersion": "1.0.0"}))
            _add(tar, layout.INDEX, there.index_with(manifest, asked.get("tag") or "latest"))
        stream.finish()
        session.progress.status(vertex, f"writing cache manifest {manifest.digest}", done=True)

    def _write_layer(
        self,
        tar: tarfile.TarFile,
        diff_id: DiffId,
        offer: Offer | None,
        there: "_There",
        session: Session,
        vertex: Vertex,
    ) -> CacheLayer:
        session.cancel.check()
        known = there.layer(diff_id)
        if known is not None:
            return known
        began = session.progress.status(vertex, f"writing layer {diff_id}")
        if offer is not None:
            digest = offer.bring(offer.layer, session.lease, session.cancel)
            with self._store.content.open(digest) as blob_file:
                info = _info(layout.blob_path(digest), self._store.content.size(digest))
                tar.addfile(info, _Checked(blob_file, session))
            return offer.layer
        with self._store.lease() as lease, tempfile.TemporaryFile(dir=self._store.root) as file:
            blob = self._layers.archive(diff_id, lease)
            with self._store.content.open(blob) as plain:
                digest, size = compress(Reader(plain), file, session.cancel.check)  # type: ignore[arg-type]
            file.seek(0)
            tar.addfile(_info(layout.blob_path(digest), size), _Checked(file, session))
        session.progress.status(vertex, f"writing layer {diff_id}", started_ns=began, done=True)
        return CacheLayer(Descriptor(media_type.OCI_LAYER_GZIP, digest, size), diff_id)


class _There:
    """What a folder has of an earlier export."""

    def __init__(self, found: Layout | None) -> None:
        self._layers: dict[DiffId, CacheLayer] = {}
        self._entries: list[Descriptor] = []
        self._layout = found
        if found is None:
            return
        try:
            self._entries = list(found.index().manifests)
            for entry in self._entries:
                self._learn(found, entry)
        except GoraeError:  # it is written anew
            self._layers, self._entries = {}, []

    def _learn(self, found: Layout, entry: Descriptor) -> None:
        value = manifests.parse(found.document(entry, cacheconfig.MAX_BYTES), entry.media_type)
        config = value.config if isinstance(value, Manifest) else _config_of(value)
        if config is None or config.media_type != cacheconfig.MEDIA_TYPE:
            return
        for one in cacheconfig.parse(found.document(config, cacheconfig.MAX_BYTES)).layers:
            self._layers[one.diff_id] = one

    def layer(self, diff_id: DiffId) -> CacheLayer | None:
        """A layer whose file is there."""
        known = self._layers.get(diff_id)
        is_there = known is not None and self._layout is not None and self._layout.has(known.blob)
        return known if is_there else None

    def index_with(self, manifest: Manifest | Index, tag: str) -> bytes:
        """The layout's index: other tags stay."""
        kept = [one for one in self._entries if one.annotations.get(layout.REF_NAME) != tag]
        entry = Descriptor(
            manifest.media_type,
            manifest.digest,
            len(manifest.raw),
            annotations={layout.REF_NAME: tag},
        )
        return manifests.make_index((*kept, entry)).raw


class _Checked:
    """A file whose reading ends when the build does."""

    def __init__(self, file: IO[bytes], session: Session) -> None:
        self._file = file
        self._session = session

    def read(self, size: int = -1) -> bytes:
        self._session.cancel.check()
        return self._file.read(size)


def _config_of(index: Index) -> Descriptor | None:
    found = [one for one in index.manifests if one.media_type == cacheconfig.MEDIA_TYPE]
    return found[0] if found else None


def _chain(plan: Plan) -> list[Step]:
    """The steps that the target's image is made of, the first one first."""
    found: list[Step] = []
    at = plan.target.end
    while at.step is not None:
        found.append(at.step)
        at = at.step.parent
    return found[::-1]


def _as_image(asked: Mapping[str, str]) -> bool:
    return asked.get("image-manifest", "true").lower() not in ("0", "f", "false")


def _manifest(
    config: Descriptor, layers: Sequence[CacheLayer], *, as_image: bool
) -> Manifest | Index:
    """An image manifest, which every registry takes, or as BuildKit had it first an index of blobs."""
    blobs = tuple(
        Descriptor(media_type.OCI_LAYER_GZIP, one.blob.digest, one.blob.size) for one in layers
    )
    if as_image:
        return manifests.make_manifest(config, blobs, media_type.OCI_MANIFEST)
    return manifests.make_index((*blobs, config))


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_info(name, len(data)), io.BytesIO(data))
