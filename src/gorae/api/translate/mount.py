"""Mounts: `-v` and `--mount` as the engine's requests, its records for inspect. Pure."""

import posixpath
from collections.abc import Callable

from msgspec import UNSET, UnsetType

from gorae.engine import idmap
from gorae.engine.model import MountRecord, MountRequest
from gorae.errors import InvalidArgument
from gorae.wire import mount as wire

_PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")
_CONSISTENCY = ("consistent", "cached", "delegated", "default")
_LABELS = ("z", "Z")
_GROUPS = (("ro", "rw"), _LABELS, _PROPAGATIONS, _CONSISTENCY, ("nocopy",))


def from_binds(binds: list[str] | None, volume_driver: str = "") -> tuple[MountRequest, ...]:
    """`-v`: `/target`, `name:/target[:options]`, `/source:/target[:options]`.

    Raises:
        InvalidArgument: none of these.
    """
    return tuple(_bind(text, volume_driver) for text in binds or ())


def _bind(text: str, volume_driver: str) -> MountRequest:
    parts = text.split(":")
    if len(parts) > 3 or not all(parts) or (len(parts) == 2 and _is_mode(parts[1])):
        raise InvalidArgument(f"invalid volume specification: '{text}'")
    source, target, mode = ("", *parts, "")[:3] if len(parts) == 1 else (*parts, "")[:3]
    if mode and not _is_mode(mode):
        raise InvalidArgument(f"invalid mode: {mode}")
    words = tuple(filter(None, mode.split(",")))
    propagation = next((one for one in words if one in _PROPAGATIONS), "")
    driver = volume_driver and not source.startswith("/")
    spec = wire.Mount(
        "bind" if source.startswith("/") else "volume",
        source,
        target,
        bind_options=wire.BindOptions(propagation) if propagation else UNSET,
        volume_options=wire.VolumeOptions() if driver or "nocopy" in words else UNSET,
    )
    try:
        _check(spec)
    except InvalidArgument as error:
        raise InvalidArgument(f"invalid volume specification: '{text}': {error.message}") from None
    return MountRequest(
        spec.type,
        target,
        source,
        readonly="ro" in words,
        legacy=True,
        propagation=propagation,
        nocopy="nocopy" in words,
        options=words or (("z",) if spec.type == "volume" and source else ()),
    )


def _is_mode(mode: str) -> bool:
    """Words that are known, of each group at most one."""
    used: set[int] = set()
    for word in mode.split(","):
        group = next((number for number, one in enumerate(_GROUPS) if word in one), None)
        if group is None or group in used:
            return False
        used.add(group)
    return True


def from_mounts(mounts: list[wire.Mount] | UnsetType) -> tuple[MountRequest, ...]:
    """`--mount`.

    Raises:
        InvalidArgument: an unknown type, or fields that contradict it.
    """
    return tuple(_mount(one) for one in mounts or ())


def _mount(one: wire.Mount) -> MountRequest:
    _check(one)
    bind = one.bind_options or wire.BindOptions()
    volume = one.volume_options or wire.VolumeOptions()
    tmpfs = one.tmpfs_options or wire.TmpfsOptions()
    image = one.image_options or wire.ImageOptions()
    driver = volume.driver_config or wire.Driver()
    readonly_mode = "writable" if bind.read_only_non_recursive else ""
    return MountRequest(
        one.type,
        one.target,
        one.source,
        readonly=one.read_only,
        propagation=bind.propagation,
        recursive=not bind.non_recursive,
        readonly_mode="readonly" if bind.read_only_force_recursive else readonly_mode,
        create_source=bind.create_mountpoint,
        nocopy=volume.no_copy,
        subpath=volume.subpath or image.subpath,
        driver=driver.name,
        driver_options=dict(driver.options),
        labels=dict(volume.labels),
        tmpfs_size_bytes=tmpfs.size_bytes,
        tmpfs_mode=tmpfs.mode,
        options=("z",) if one.type == "volume" else tuple("=".join(o) for o in tmpfs.options),
        idmap=idmap.check(bind.gorae_idmap),
    )


def _check(one: wire.Mount) -> None:
    """In docker's order and words."""

    def fail(reason: str) -> InvalidArgument:
        return InvalidArgument(f'invalid mount config for type "{one.type}": {reason}')

    def missing(name: str) -> InvalidArgument:
        return fail(f"field {name} must not be empty")

    if not one.target:
        raise missing("Target")
    if not one.target.startswith("/"):
        raise fail(f"invalid mount path: '{one.target}' mount path must be absolute")
    if posixpath.normpath(one.target) in ("/", "//"):
        raise fail("invalid specification: destination can't be '/'")
    if one.type not in _SUBPATHS:
        raise fail("mount type unknown")
    if one.type in ("bind", "image") and not one.source:
        raise missing("Source")
    bind = one.bind_options or wire.BindOptions()
    if bind.propagation and bind.propagation not in _PROPAGATIONS:
        raise fail(f"invalid propagation mode: {bind.propagation}")
    for kind, given in (
        ("bind", one.bind_options),
        ("volume", one.volume_options),
        ("tmpfs", one.tmpfs_options),
        ("image", one.image_options),
    ):
        if given is not UNSET and kind != one.type:
            raise fail(f"field {kind.capitalize()}Options must not be specified")
    if one.type == "bind" and not one.source.startswith("/"):
        raise fail(f"invalid mount path: '{one.source}' mount path must be absolute")
    if one.type == "tmpfs" and one.source:
        raise fail("field Source must not be specified")
    subpath = _SUBPATHS[one.type](one)
    if subpath and one.type == "volume" and not one.source:
        raise fail("must not set Subpath when using anonymous volumes")
    if subpath and not _is_local(subpath):
        raise fail("subpath must be a relative path within the volume")
    if one.type == "volume" and not one.source and one.read_only:
        raise fail("must not set ReadOnly mode when using anonymous volumes")


_SUBPATHS: dict[str, Callable[[wire.Mount], str]] = {
    "bind": lambda one: "",
    "tmpfs": lambda one: "",
    "volume": lambda one: (one.volume_options or wire.VolumeOptions()).subpath,
    "image": lambda one: (one.image_options or wire.ImageOptions()).subpath,
}
"""The types of mounts there are, and what part of the source each wants."""


def _is_local(path: str) -> bool:
    """Relative, and staying below where it starts, by its text alone."""
    return not path.startswith("/") and posixpath.normpath(path).split("/")[0] != ".."


def to_point(record: MountRecord) -> wire.MountPoint:
    """A mount as inspect tells it."""
    return wire.MountPoint(
        type=record.kind,
        name=record.name or UNSET,
        source=record.source,
        destination=record.target,
        driver=record.driver or UNSET,
        mode=record.mode,
        rw=not record.readonly,
        propagation=record.propagation,
    )
