"""The mounts a container asked for, resolved at create: volumes made and filled, sources checked; blocking."""

import os
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace

from gorae.engine.copyup import CopyUp
from gorae.engine.images import Image
from gorae.engine.model import Container, ContainerSpec, MountRecord, MountRequest
from gorae.engine.mountpoints import image_key, unmappable
from gorae.engine.volumes import ANONYMOUS, Volume, Volumes
from gorae.errors import GoraeError, InvalidArgument, NotFound
from gorae.store.snapshot import Snapshotter

Find = Callable[[str], Container]
FindImage = Callable[[str], Image]
IMAGE_WARNING = "Image mount is an experimental feature"
MODES = (("ro", "rw"), ("z", "Z"))
"""What may stand after the name in `--volumes-from`: one of each kind."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The records, and what the client is to be told."""

    records: tuple[MountRecord, ...]
    warnings: tuple[str, ...] = ()


class Mounts:
    """Turns requests into mount records."""

    def __init__(
        self, volumes: Volumes, snapshots: Snapshotter, copy_up: CopyUp, find_image: FindImage
    ) -> None:
        self._volumes = volumes
        self._snapshots = snapshots
        self._copy_up = copy_up
        self._find_image = find_image
        self.hint: Callable[[ContainerSpec], list[str]] = lambda spec: []
        """What a client is told when anonymous volumes are made again and again."""

    def resolve(
        self, container_id: str, spec: ContainerSpec, find: Find, snapshot: str
    ) -> Resolved:
        """Every mount, at most one for a target; later wishes win over `--volumes-from` and `VOLUME`.

        `snapshot` is the committed one that the container stands on: empty volumes are filled from it.

        Raises:
            InvalidArgument: a bad target, a missing source of `--mount`, two mounts at one target.
        """
        plan = self._plan(spec, find)
        made: list[Volume] = []
        try:
            records = tuple(
                one
                if isinstance(one, MountRecord)
                else self._one(one, container_id, spec, snapshot, made)
                for one in plan
            )
        except BaseException:
            for volume in made:
                self._volumes.remove(volume.name, force=True)
            raise
        hints = self.hint(spec) if any(one.anonymous for one in records) else []
        return Resolved(records, (*_warnings(plan), *unmappable(records, spec.caller), *hints))

    def _plan(self, spec: ContainerSpec, find: Find) -> list[MountRecord | MountRequest]:
        found: dict[str, MountRecord | MountRequest] = {}
        for text in spec.volumes_from:
            for record in self._from_other(text, find):
                found[record.target] = record
        explicit: set[str] = set()
        tmpfs = {clean_target(path) for path in spec.tmpfs}
        for request in spec.mounts:
            target = clean_target(request.target)
            if target in explicit or target in tmpfs:
                raise InvalidArgument(f"Duplicate mount point: {target}")
            explicit.add(target)
            found.pop(target, None)
            found[target] = replace(request, target=target)
        for path in spec.volumes:
            target = posixpath.normpath(path)
            if target not in found and target not in tmpfs:
                found[target] = MountRequest("volume", target)
        return list(found.values())

    def _from_other(self, text: str, find: Find) -> list[MountRecord]:
        if not text:
            raise InvalidArgument("volumes-from specification cannot be an empty string")
        ref, _, mode = text.partition(":")
        if not ref:
            raise InvalidArgument('invalid name or ID supplied: ""')
        words = mode.split(",")
        if not all(sum(word in words for word in kind) <= 1 for kind in MODES) or not set(
            words
        ) <= {"", *MODES[0], *MODES[1]}:
            raise InvalidArgument(f"invalid mode: {mode}")
        try:
            other = find(ref)
        except NotFound as error:  # no 404, which would make a client pull the image
            raise InvalidArgument(error.message) from None
        return [
            replace(one, mode="", readonly=one.readonly or "ro" in words) for one in other.mounts
        ]

    def _one(
        self,
        request: MountRequest,
        container_id: str,
        spec: ContainerSpec,
        snapshot: str,
        made: list[Volume],
    ) -> MountRecord:
        match request.kind:
            case "bind":
                return _bind(request)
            case "volume":
                return self._volume(request, container_id, spec, snapshot, made)
            case "tmpfs":
                return MountRecord(
                    "tmpfs", request.target, "", readonly=request.readonly, request=request
                )
            case "image":
                return self._image(request, container_id)
            case _:
                raise InvalidArgument(f'invalid mount config: mount type unknown: "{request.kind}"')

    def _image(self, request: MountRequest, container_id: str) -> MountRecord:
        """A view holds the image's layers for as long as the container is there."""
        image = self._find_image(request.source)
        self._snapshots.view(image_key(container_id, request.target), image.chain_id)
        return MountRecord(
            "image",
            request.target,
            image.chain_id,
            name=request.source,
            readonly=True,
            propagation="rprivate",
            request=request,
        )

    def _volume(
        self,
        request: MountRequest,
        container_id: str,
        spec: ContainerSpec,
        snapshot: str,
        made: list[Volume],
    ) -> MountRecord:
        anonymous = not request.source
        volume, new = self._volumes.ensure(
            Volume(
                name=request.source,
                path="",
                created_ns=0,
                driver=request.driver or spec.volume_driver,
                labels={ANONYMOUS: "", **request.labels} if anonymous else request.labels,
                options=request.driver_options,
                anonymous=anonymous,
                container_id=container_id,
                image_id=spec.image_id,
            )
        )
        if new:
            made.append(volume)
        if not request.nocopy and request.target.startswith("/"):
            self._fill(request, volume, snapshot, container_id)
        return MountRecord(
            "volume",
            request.target,
            volume.path,
            name=volume.name,
            driver=volume.driver,
            mode=",".join(request.options),
            readonly=request.readonly,
            propagation="",
            anonymous=anonymous,
            request=request,
        )

    def _fill(self, request: MountRequest, volume: Volume, snapshot: str, holder: str) -> None:
        if volume.options:
            self._volumes.use(volume.name, holder)
        try:
            self._copy_up(snapshot, request.target, volume, request.subpath)
        finally:
            if volume.options:
                self._volumes.release_idle(holder)

    def discard_anonymous(self, container: Container, remove: Callable[[str], None]) -> None:
        """Remove the anonymous volumes that came with a container, but those that others use."""
        for one in container.mounts:
            if one.anonymous and one.name:
                try:
                    remove(one.name)
                except GoraeError:  # another container has it by --volumes-from: it stays
                    continue


def _bind(request: MountRequest) -> MountRecord:
    """A missing source of `--mount` is refused here; that of `-v` is made at start, as docker does."""
    source = os.path.normpath(request.source)
    if not (request.legacy or request.create_source or os.path.exists(source)):
        raise InvalidArgument(
            'invalid mount config for type "bind": bind source path does not exist: ' + source
        )
    return MountRecord(
        "bind",
        request.target,
        source,
        mode=",".join(request.options),
        readonly=request.readonly,
        propagation=request.propagation or "rprivate",
        request=request,
    )


def _warnings(plan: list[MountRecord | MountRequest]) -> list[str]:
    found = [
        warning
        for one in plan
        if isinstance(one, MountRequest) and one.kind == "bind" and one.legacy
        for warning in _misspelt(os.path.normpath(one.source))
    ]
    if any(isinstance(one, MountRequest) and one.kind == "image" for one in plan):
        found.append(IMAGE_WARNING)
    return found


def _misspelt(source: str) -> list[str]:
    """A source whose parent is not there either is rather a typing error than a wish."""
    parent = os.path.dirname(source)
    if os.path.lexists(source) or os.path.isdir(parent):
        return []
    nearest = parent
    while not os.path.isdir(nearest):
        nearest = os.path.dirname(nearest)
    return [
        f'the bind source "{source}" does not exist, nor does "{parent}": it will be made; '
        f'the nearest folder that exists is "{nearest}"'
    ]


def clean_target(path: str) -> str:
    """An absolute, clean path inside the container.

    Raises:
        InvalidArgument: relative, or the root itself.
    """
    if not path.startswith("/"):
        raise InvalidArgument(f"invalid mount path: '{path}' mount path must be absolute")
    clean = posixpath.normpath(path)
    if clean.startswith("//"):
        clean = clean[1:]
    if clean == "/":
        raise InvalidArgument("invalid specification: destination can't be '/'")
    return clean
