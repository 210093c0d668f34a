"""Build caches from elsewhere made known to a build: `--cache-from`; blocking.

local      an OCI layout in a folder of the client's
registry   a manifest or index with a cache config, or an image that carries its cache inline; an image here comes first,
           and with `here`, as the classic API means it, alone

What cannot be read, or is not what it says, is told in one line, and the build goes on without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gorae.build.cancel import Cancel
from gorae.build.layout import Layout
from gorae.build.offers import Offers
from gorae.build.request import BuildRequest
from gorae.build.session import ContextTree, Session
from gorae.build.stacking import Stacking
from gorae.engine.images import Images
from gorae.engine.layers import Layers
from gorae.engine.trust import Trust
from gorae.errors import Cancelled, GoraeError, InvalidArgument, NotFound
from gorae.oci import cacheconfig, media_type, text
from gorae.oci import platform as platforms
from gorae.oci.cacheconfig import CacheConfig, CacheLayer
from gorae.oci.config import ImageConfig
from gorae.oci.digest import parse_digest
from gorae.oci.manifest import Descriptor, Index, Manifest, Platform
from gorae.oci.reference import Reference
from gorae.registry.connect import Registries
from gorae.registry.download import Download, Downloads
from gorae.registry.repository import Repository
from gorae.store.lease import Lease
from gorae.store.store import Store

LOOK_S = 0.2
MAX_SOURCES = 64
Document = Callable[[Descriptor, int], bytes]
"""A small blob of a place, verified, of at most so many bytes."""
Bring = Callable[[Descriptor, Lease, Cancel], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cache is: how to read a document there, and how to bring a blob from there."""

    name: str
    document: Document
    bring: Bring


class CacheImports:
    """The service. `host`: this machine's platform."""

    def __init__(
        self,
        store: Store,
        images: Images,
        layers: Layers,
        registries: Registries,
        downloads: Downloads,
        trust: Trust,
        host: Platform,
    ) -> None:
        self._store = store
        self._images = images
        self._layers = layers
        self._registries = registries
        self._downloads = downloads
        self._trust = trust
        self._host = host

    def check(self, request: BuildRequest) -> None:
        """Before anything is built. Raises: InvalidArgument: far too many."""
        if len(request.cache_from) > MAX_SOURCES:
            raise InvalidArgument(
                f"{len(request.cache_from)} caches to import: at most {MAX_SOURCES}"
            )

    def load(
        self,
        request: BuildRequest,
        session: Session,
        folders: Mapping[str, ContextTree],
        stacking: Stacking,
    ) -> Offers | None:
        """What all of them offer; None where nothing was asked for. Raises: Cancelled."""
        if not request.cache_from:
            return None
        offers = Offers(stacking)
        for one in request.cache_from:
            name = one.get("src") or one.get("ref") or one.get("type", "")
            vertex = session.progress.begin(f"importing cache manifest from {name}")
            try:
                self._load(one, request, session, folders, offers)
            except Cancelled:
                raise
            except GoraeError as error:
                session.progress.end(vertex, error=error.message)
            else:
                session.progress.end(vertex)
        return offers

    def _load(
        self,
        asked: Mapping[str, str],
        request: BuildRequest,
        session: Session,
        folders: Mapping[str, ContextTree],
        offers: Offers,
    ) -> None:
        session.cancel.check()
        match asked.get("type"):
            case "local":
                self._load_folder(asked, folders, offers)
            case "registry":
                self._load_registry(asked, request, offers)
            case kind:
                raise InvalidArgument(
                    f'a cache cannot be imported as "{kind}": it is one of local, registry'
                )

    # folders ----------------------------------------------------------------------------------

    def _load_folder(
        self, asked: Mapping[str, str], folders: Mapping[str, ContextTree], offers: Offers
    ) -> None:
        folder = folders.get(asked.get("folder", ""))
        if folder is None:
            raise NotFound(f'the folder "{asked.get("src", "")}" is not there')
        layout = Layout(folder.tree)
        digest = parse_digest(asked["digest"]) if asked.get("digest") else ""
        found = layout.find(asked.get("tag", ""), digest)

        def bring(blob: Descriptor, lease: Lease, cancel: Cancel) -> None:
            layout.bring(blob, self._store.content, lease, cancel.check)

        place = _Place(asked.get("src", ""), layout.document, bring)
        self._offer(layout.manifest(found, self._wanted()), place, offers)

    # registries -------------------------------------------------------------------------------

    def _load_registry(
        self, asked: Mapping[str, str], request: BuildRequest, offers: Offers
    ) -> None:
        name = Reference.parse(asked.get("ref", "")).with_default_tag()
        if self._load_image_here(name, offers):
            return
        if asked.get("here"):
            raise NotFound(f'no image "{name.familiar}" with a build cache is here')
        credentials = request.credentials_for(name.domain)
        session = self._registries.session(name.domain, credentials)
        repository = Repository(session, name.path, "pull")
        found = repository.manifest(name.digest or name.tag)
        value, digests = found.value, [found.digest]
        if isinstance(value, Index) and not _cache_entry(value):
            chosen = platforms.choose(value.manifests, self._wanted())
            if chosen is None:
                raise NotFound(f"no matching manifest for {platforms.show(self._wanted()[0])}")
            value = repository.manifest(chosen.digest).value
            digests.append(chosen.digest)
        self._trust.check(repository, name, digests)

        def document(blob: Descriptor, limit: int) -> bytes:
            return repository.read_blob(blob.digest, blob.size, limit)

        def bring(blob: Descriptor, lease: Lease, cancel: Cancel) -> None:
            self._download(repository, blob, lease, cancel)

        self._offer(value, _Place(name.familiar, document, bring), offers)

    def _load_image_here(self, name: Reference, offers: Offers) -> bool:
        """An image of this engine's with an inline cache; its layers are here."""
        image = self._images.find(name.normalized)
        if image is None or not _inline(image.config.raw):
            return False
        layers = [
            CacheLayer(Descriptor(media_type.DOCKER_LAYER, parse_digest(one), 0), one)
            for one in image.config.diff_ids
        ]
        config = cacheconfig.parse_inline(_inline(image.config.raw), layers)

        def bring(layer: CacheLayer, lease: Lease, _: Cancel) -> str:
            return self._layers.archive(layer.diff_id, lease)

        _check(config)
        offers.add(config, name.familiar, bring)
        return True

    def _download(
        self, repository: Repository, blob: Descriptor, lease: Lease, cancel: Cancel
    ) -> None:
        if self._store.content.hold(blob.digest, lease):
            return

        def ear(state: str, current: int, total: int) -> None:
            del state, current, total

        one: Download = self._downloads.start(repository, blob, ear)
        keep = True
        try:
            while not one.done(LOOK_S):
                cancel.check()
            self._store.content.hold(blob.digest, lease)
        except Cancelled:
            keep = False
            raise
        finally:
            self._downloads.leave(one, ear, keep=keep)

    # documents --------------------------------------------------------------------------------

    def _offer(self, value: Manifest | Index, place: _Place, offers: Offers) -> None:
        config = self._config(value, place)
        _check(config)

        def bring(layer: CacheLayer, lease: Lease, cancel: Cancel) -> str:
            place.bring(layer.blob, lease, cancel)
            return layer.blob.digest

        offers.add(config, place.name, bring)

    def _config(self, value: Manifest | Index, place: _Place) -> CacheConfig:
        entry = _cache_entry(value)
        if entry is not None:
            return cacheconfig.parse(place.document(entry, cacheconfig.MAX_BYTES))
        if not isinstance(value, Manifest) or value.config.media_type not in media_type.CONFIGS:
            raise InvalidArgument("neither a build cache nor an image is there")
        image = ImageConfig.parse(place.document(value.config, cacheconfig.MAX_BYTES))
        encoded = _inline(image.raw)
        if not encoded:
            raise NotFound("the image carries no build cache: build it with --cache-to type=inline")
        if len(image.diff_ids) != len(value.layers):
            raise InvalidArgument("the image has another number of layers than its config says")
        layers = [
            CacheLayer(blob, diff_id)
            for blob, diff_id in zip(value.layers, image.diff_ids, strict=True)
        ]
        return cacheconfig.parse_inline(encoded, layers)

    def _wanted(self) -> list[Platform]:
        return platforms.runnable(self._host)


def _cache_entry(value: Manifest | Index) -> Descriptor | None:
    """The cache's config of a manifest, or among an index's entries."""
    if isinstance(value, Manifest):
        return value.config if value.config.media_type == cacheconfig.MEDIA_TYPE else None
    found = [one for one in value.manifests if one.media_type == cacheconfig.MEDIA_TYPE]
    return found[0] if found else None


def _check(config: CacheConfig) -> None:
    """Raises: InvalidArgument: there is nothing in it for us."""
    if config.foreign and not config.records:
        raise InvalidArgument(
            "nothing of this cache can be used here: its keys are another builder's"
        )
    if not config.records:
        raise InvalidArgument("this cache is empty")


def _inline(raw: bytes) -> str:
    """The cache in an image's config; empty where there is none."""
    return str(
        text.want(text.load(raw, "image config"), cacheconfig.INLINE, str, "image config", "")
    )
