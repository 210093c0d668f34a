"""Images pulled from registries; blocking.

Documents first (index, manifest, config), then a plan: which layers are here, which come. All that are missing come at
once, as many at a time as the settings allow; each is unpacked as soon as it is here, while others still load. A lease
keeps what came until one transaction makes the image count: before it nothing is to be seen, after a failure the
collector takes what nobody holds, and a blob that broke off is gone on with by whoever tries again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import TracebackType

from gorae.engine.images import Image, Images
from gorae.engine.layers import Held, Layers, Watch, chains
from gorae.engine.progress import Emit, Reporter, silent
from gorae.engine.recorder import Recorder
from gorae.engine.trust import Trust
from gorae.engine.unpack import Check, Job, unpack
from gorae.errors import (
    Cancelled,
    GoraeError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthorized,
)
from gorae.oci import platform as platforms
from gorae.oci.config import ImageConfig
from gorae.oci.digest import ChainId, DiffId, Digest
from gorae.oci.manifest import Descriptor, Manifest, Platform
from gorae.oci.reference import Reference
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.connect import Registries
from gorae.registry.download import Download, Downloads
from gorae.registry.repository import Repository
from gorae.registry.resolve import Resolved, resolve
from gorae.registry.session import NO_CREDENTIALS, Session
from gorae.store.lease import Lease

MAX_CONFIG_BYTES = 8 << 20
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class PullOptions:
    """`platform`: another than this machine's; whose credentials; `verify_keys`: one of them must have signed (PEM)."""

    platform: Platform | None = None
    credentials: Credentials = NOBODY
    verify_keys: tuple[bytes, ...] = ()


class Pulls:
    """The service. `host`: this machine's platform."""

    def __init__(
        self,
        images: Images,
        layers: Layers,
        recorder: Recorder,
        registries: Registries,
        downloads: Downloads,
        trust: Trust,
        host: Platform,
    ) -> None:
        self._images = images
        self._store = images.store
        self._layers = layers
        self._recorder = recorder
        self._registries = registries
        self._downloads = downloads
        self._trust = trust
        self._host = host

    def pull(
        self, name: Reference, options: PullOptions = PullOptions(), emit: Emit = silent
    ) -> Image:
        """The image that a tag or a digest means in its registry, fetched where it is not here.

        Raises:
            NotFound: no such image, or none for the platform. InvalidArgument: what came is not what was promised.
            Unavailable: the registry. Cancelled: `emit` said so.
        """
        reporter = Reporter(emit)
        one = name.with_default_tag()
        for session in self._sessions(one, options, reporter):
            try:
                image, is_new = self._pull(session, one, options, reporter)
            except GoraeError as error:
                if session.endpoint.mirror and not isinstance(error, InvalidArgument):
                    continue
                raise translated(error, one, session.endpoint.url) from error
            reporter.say(_status(one, is_new=is_new))
            self._warn_of_platform(image, one, options, reporter)
            return image
        raise NotFound(manifest_missing(one))

    def pull_all(
        self, name: Reference, options: PullOptions = PullOptions(), emit: Emit = silent
    ) -> list[Image]:
        """Every tag of a repository. Raises: as `pull`."""
        reporter = Reporter(emit)
        for session in self._sessions(name, options, reporter):
            try:
                tags = Repository(session, name.path, "pull").tags()
                pulled = [
                    self._pull(session, name.with_tag(tag), options, reporter) for tag in tags
                ]
            except GoraeError as error:
                if session.endpoint.mirror:
                    continue
                raise translated(error, name, session.endpoint.url) from error
            reporter.say(_status(name, is_new=any(is_new for _, is_new in pulled)))
            return [image for image, _ in pulled]
        raise NotFound(manifest_missing(name))

    def _sessions(
        self, name: Reference, options: PullOptions, reporter: Reporter
    ) -> Iterator[Session]:
        return self._registries.sessions(name.domain, options.credentials, wait=reporter.wait)

    def _wanted(self, options: PullOptions) -> list[Platform]:
        if options.platform is None:
            return platforms.runnable(self._host)
        asked = options.platform
        own = platforms.normalized(self._host)
        filled = replace(
            asked, os=asked.os or own.os, architecture=asked.architecture or own.architecture
        )
        return platforms.runnable(filled)

    # one image --------------------------------------------------------------------------------

    def _pull(
        self, session: Session, name: Reference, options: PullOptions, reporter: Reporter
    ) -> tuple[Image, bool]:
        """The image, and whether the name means another one than before."""
        repository = Repository(session, name.path, "pull")
        asked = name.digest or name.tag
        found = resolve(repository, asked, self._wanted(options))
        reporter.say(f"Pulling from {name.path}", asked)
        digests = [one.digest for one in found.chain]
        self._trust.check(repository, name, digests, options.verify_keys)
        with self._store.lease() as lease:
            config = self._config(repository, found.manifest)
            held = self._known(config, lease)
            with _Plan(self._downloads, repository, reporter) as plan:
                if held is None:
                    held = self._bring(found.manifest, config, plan, lease)
                reporter.say(f"Digest: {found.top.digest}")
                moved = self._record(name, found, config, held, lease)
        image = self._images.resolve(config.id)
        self._images.announce("pull", image, name.familiar_repository, name.familiar)
        return image, moved

    def _config(self, repository: Repository, manifest: Manifest) -> ImageConfig:
        """Of an image, which says what each layer unpacks to."""
        wanted = manifest.config
        if self._store.content.exists(wanted.digest):
            raw = self._store.content.read(wanted.digest)
        else:
            raw = repository.read_blob(wanted.digest, wanted.size, MAX_CONFIG_BYTES)
        config = ImageConfig.parse(raw)
        if len(config.diff_ids) != len(manifest.layers):
            raise InvalidArgument(
                f"invalid manifest, layers length mismatch: expected {len(config.diff_ids)}, "
                f"got {len(manifest.layers)}"
            )
        return config

    def _known(self, config: ImageConfig, lease: Lease) -> Held | None:
        """What is held of the very image when it is here already, under whatever name."""
        if self._images.find(config.id) is None:
            return None
        held = self._layers.hold(config.diff_ids, lease)
        return held if all(held.has(one) for one in config.diff_ids) else None

    def _bring(self, manifest: Manifest, config: ImageConfig, plan: "_Plan", lease: Lease) -> Held:
        """All layers, here and unpacked."""
        held = self._layers.hold(config.diff_ids, lease)
        rows = list(zip(config.diff_ids, chains(config.diff_ids), manifest.layers, strict=True))
        for diff_id, chain, layer in rows:
            is_here = held.has(diff_id) and chain in held.unpacked
            plan.reporter.say("Already exists" if is_here else "Pulling fs layer", short(layer))
        for diff_id, _, layer in rows:
            if not held.has(diff_id):
                plan.fetch(layer)
        jobs, parent = [], ""
        for diff_id, chain, layer in rows:
            if not (held.has(diff_id) and chain in held.unpacked):
                jobs.append(self._job(diff_id, chain, parent, layer, held, plan, lease))
            parent = chain
        unpack(self._layers, jobs, lease)
        return held

    def _job(
        self,
        diff_id: DiffId,
        chain: ChainId,
        parent: str,
        layer: Descriptor,
        held: Held,
        plan: "_Plan",
        lease: Lease,
    ) -> Job:
        """One layer, to be unpacked as soon as it is here."""
        shown, reporter = short(layer), plan.reporter

        def archive(check: Check) -> Digest:
            if held.has(diff_id):
                return self._layers.archive(diff_id, lease)
            plan.wait(layer, check)
            self._store.content.hold(layer.digest, lease)
            held.blobs[diff_id] = layer
            return layer.digest

        def watch(blob: Digest) -> Watch:
            total = self._store.content.size(blob)
            return lambda done: reporter.count("Extracting", shown, done, total)

        def done() -> None:
            reporter.say("Pull complete", shown)

        return Job(diff_id, chain, parent, archive, watch, done)

    def _record(
        self, name: Reference, found: Resolved, config: ImageConfig, held: Held, lease: Lease
    ) -> bool:
        names = [name.normalized] if name.tag and not name.digest else []
        known = self._images.find(name.normalized) if name.digest else None
        moved = self._recorder.record(
            config,
            [held.blobs.get(one) for one in config.diff_ids],
            lease,
            names,
            found.manifest,
            indexes=[one.value.raw for one in found.chain[:-1]],
            origin=name,
        )
        return moved if names else known is None

    def _warn_of_platform(
        self, image: Image, name: Reference, options: PullOptions, reporter: Reporter
    ) -> None:
        """A registry may have only one image under the name, of another platform."""
        have = Platform(image.config.architecture, image.config.os, image.config.variant)
        if options.platform is None or any(
            platforms.matches(one, have) for one in self._wanted(options)
        ):
            return
        reporter.say(
            f"WARNING: image with reference {name.familiar} was found but its platform "
            f"({platforms.show(have)}) does not match the specified platform "
            f"({platforms.show(options.platform)})"
        )


class _Plan:
    """The downloads of one pull; a context at whose end nobody of it waits for them any more.

    What arrived before a failure is kept for whoever tries again; when the client left nothing is.
    """

    def __init__(self, downloads: Downloads, repository: Repository, reporter: Reporter) -> None:
        self._downloads = downloads
        self._repository = repository
        self.reporter = reporter
        self._under_way: dict[str, tuple[Download, _Ear]] = {}

    def fetch(self, layer: Descriptor) -> None:
        """One that is not here."""
        if layer.digest in self._under_way:
            return
        ear = _Ear(self.reporter, short(layer))
        one = self._downloads.start(self._repository, layer, ear)
        self._under_way[layer.digest] = (one, ear)
        if len(self._under_way) > self._downloads.at_once and not one.future.running():
            self.reporter.say("Waiting", ear.short)

    def wait(self, layer: Descriptor, check: Check) -> None:
        """Until it is here. Raises: Cancelled: the client left meanwhile, or `check` said so."""
        one, _ = self._under_way[layer.digest]
        while not one.done(LOOK_S):
            check()
            self.reporter.check()

    def __enter__(self) -> "_Plan":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        keep = error is not None and not isinstance(error, Cancelled)
        for one, ear in self._under_way.values():
            self._downloads.leave(one, ear, keep=keep)


class _Ear:
    """Hears of one download."""

    def __init__(self, reporter: Reporter, short: str) -> None:
        self._reporter = reporter
        self.short = short

    def __call__(self, state: str, current: int, total: int) -> None:
        self._reporter.hear(state, self.short, current, total)


def short(layer: Descriptor) -> str:
    """Twelve digits."""
    return layer.digest.partition(":")[2][:12]


def _status(name: Reference, *, is_new: bool) -> str:
    what = "Downloaded newer image" if is_new else "Image is up to date"
    return f"Status: {what} for {name.familiar}"


def manifest_missing(name: Reference) -> str:
    """Docker's sentence."""
    what = "manifest for" if name.tag or name.digest else "repository"
    return f"{what} {name.familiar} not found"


def translated(error: GoraeError, name: Reference, url: str) -> GoraeError:
    """What a registry at `url` said of an image, as docker tells it."""
    words = error.message
    if isinstance(error, NotFound) and words.startswith("name unknown"):
        return NotFound(f"repository {name.familiar_repository} not found: {words}")
    if isinstance(error, NotFound) and words.startswith("manifest unknown"):
        return NotFound(f"{manifest_missing(name)}: {words}")
    if isinstance(error, (Unauthorized, PermissionDenied)) and words.startswith("denied"):
        return NotFound(
            f"pull access denied for {name.familiar_repository}, repository does not exist or "
            f"may require 'docker login': {words}"
        )
    if isinstance(error, Unauthorized) and words == NO_CREDENTIALS:
        asked = f"{url}/v2/{name.path}/manifests/{name.digest or name.tag}"
        return Unauthorized(f'Head "{asked}": {words}')
    return error
