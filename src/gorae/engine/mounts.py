"""The mounts a container asked for, resolved at create: volumes made, sources checked; blocking."""

import os
import posixpath
from collections.abc import Callable
from dataclasses import replace

from gorae.engine.images import Image
from gorae.engine.model import Container, ContainerSpec, MountRecord, MountRequest
from gorae.engine.volumes import Volume, Volumes
from gorae.errors import GoraeError, InvalidArgument

Find = Callable[[str], Container]
CopyUp = Callable[[Image, str, str], None]
"""Copy what the image has at a path into an empty volume's directory."""


class Mounts:
    """Turns requests into mount records."""

    def __init__(self, volumes: Volumes, copy_up: CopyUp) -> None:
        self._volumes = volumes
        self._copy_up = copy_up

    def resolve(
        self, container_id: str, spec: ContainerSpec, find: Find, image: Image
    ) -> tuple[MountRecord, ...]:
        """Every mount, at most one for a target; later wishes win over `--volumes-from` and `VOLUME`.

        Raises:
            InvalidArgument: a bad target, a missing source of `--mount`, two mounts at one target.
        """
        found: dict[str, MountRecord] = {}
        for text in spec.volumes_from:
            for record in self._from_other(text, find):
                found[record.target] = record
        explicit: set[str] = set()
        for request in spec.mounts:
            target = clean_target(request.target)
            if target in explicit or target in spec.tmpfs:
                raise InvalidArgument(f"Duplicate mount point: {target}")
            explicit.add(target)
            found[target] = self._one(replace(request, target=target), container_id, spec, image)
        for path in spec.volumes:
            target = clean_target(path)
            if target not in found and target not in spec.tmpfs:
                request = MountRequest("volume", target, legacy=True)
                found[target] = self._one(request, container_id, spec, image)
        return tuple(found.values())

    def _from_other(self, text: str, find: Find) -> list[MountRecord]:
        ref, _, mode = text.partition(":")
        if mode not in ("", "ro", "rw", "z", "Z"):
            raise InvalidArgument(f"invalid mode for volumes-from: {mode}")
        other = find(ref)
        return [replace(one, readonly=one.readonly or mode == "ro") for one in other.mounts]

    def _one(
        self, request: MountRequest, container_id: str, spec: ContainerSpec, image: Image
    ) -> MountRecord:
        match request.kind:
            case "bind":
                return _bind(request)
            case "volume":
                return self._volume(request, container_id, spec, image)
            case "tmpfs":
                return MountRecord(
                    "tmpfs", request.target, "", readonly=request.readonly, request=request
                )
            case _:
                raise InvalidArgument(f'invalid mount config: mount type unknown: "{request.kind}"')

    def _volume(
        self, request: MountRequest, container_id: str, spec: ContainerSpec, image: Image
    ) -> MountRecord:
        anonymous = not request.source
        labels = request.labels
        if anonymous:
            labels = {"com.docker.volume.anonymous": "", **labels}
        volume, made = self._volumes.ensure(
            Volume(
                name=request.source,
                path="",
                created_ns=0,
                driver=request.driver or spec.volume_driver,
                labels=labels,
                options=request.driver_options,
                anonymous=anonymous,
                container_id=container_id,
                image_id=spec.image_id,
            )
        )
        if not request.nocopy:
            try:
                self._copy_up(image, request.target, volume.path)
            except BaseException:
                if made:
                    self._volumes.remove(volume.name, force=True)
                raise
        return MountRecord(
            "volume",
            request.target,
            volume.path,
            name=volume.name,
            driver=volume.driver,
            mode=",".join(request.options) if request.options else ("z" if request.legacy else ""),
            readonly=request.readonly,
            propagation="",
            anonymous=anonymous,
            request=request,
        )

    def discard_anonymous(self, container: Container) -> None:
        """Remove the anonymous volumes that came with a container, but those that others use."""
        for one in container.mounts:
            if one.anonymous and one.name:
                try:
                    self._volumes.remove(one.name, force=True)
                except GoraeError:  # another container has it by --volumes-from: it stays
                    continue


def _bind(request: MountRequest) -> MountRecord:
    source = os.path.normpath(request.source)
    if not os.path.isabs(request.source):
        raise InvalidArgument(
            f"invalid mount config for type \"bind\": invalid mount path: '{request.source}' "
            "mount path must be absolute"
        )
    if not os.path.lexists(source):
        if not (request.legacy or request.create_source):
            raise InvalidArgument(
                'invalid mount config for type "bind": bind source path does not exist: ' + source
            )
        os.makedirs(source, 0o755, exist_ok=True)
    return MountRecord(
        "bind",
        request.target,
        source,
        mode=",".join(request.options),
        readonly=request.readonly,
        propagation=request.propagation or "rprivate",
        request=request,
    )


def clean_target(path: str) -> str:
    """An absolute, clean path inside the container.

    Raises:
        InvalidArgument: relative, or the root itself.
    """
    if not path.startswith("/"):
        raise InvalidArgument(
            f"invalid mount config: invalid mount path: '{path}' mount path must be absolute"
        )
    clean = posixpath.normpath(path)
    if clean.startswith("//"):
        clean = clean[1:]
    if clean == "/":
        raise InvalidArgument("invalid volume specification: destination can't be '/'")
    return clean
