"""Mounts: `-v` and `--mount` as the engine's requests, its records for inspect. Pure."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from gorae.engine.model import MountRecord, MountRequest
from gorae.errors import InvalidArgument
from gorae.wire import mount as wire

_PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")
_CONSISTENCY = ("consistent", "cached", "delegated", "default")
_LABELS = ("z", "Z")
_TYPES = ("bind", "volume", "tmpfs", "image", "cluster", "npipe")


def from_binds(binds: list[str] | None) -> tuple[MountRequest, ...]:
    """`-v`: `/target`, `name:/target[:options]`, `/source:/target[:options]`.

    Raises:
        InvalidArgument: none of these.
    """
    return tuple(_bind(text) for text in binds or ())


def _bind(text: str) -> MountRequest:
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidArgument(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return MountRequest("volume", _target(parts[0], text), legacy=True)
    source, target, *rest = parts
    kind = "bind" if source.startswith("/") else "volume"
    words = tuple(filter(None, rest[0].split(","))) if rest else ()
    _check_words(words, kind, rest[0] if rest else "")
    return MountRequest(
        kind,
        _target(target, text),
        source,
        readonly="ro" in words,
        legacy=True,
        propagation=next((one for one in words if one in _PROPAGATIONS), ""),
        nocopy="nocopy" in words,
        options=words,
    )


def _target(target: str, text: str) -> str:
    if not target.startswith("/"):
        raise InvalidArgument(
            f"invalid volume specification: '{text}': invalid mount config for type \"volume\": "
            f"invalid mount path: '{target}' mount path must be absolute"
        )
    if not target.strip("/"):
        raise InvalidArgument(
            f"invalid volume specification: '{text}': invalid specification: "
            "destination can't be '/'"
        )
    return target


def _check_words(words: Iterable[str], kind: str, mode: str) -> None:
    """Each group at most once, and only words that the kind knows."""
    propagation = _PROPAGATIONS if kind == "bind" else ()
    copy = ("nocopy",) if kind == "volume" else ()
    groups = (("ro", "rw"), _LABELS, propagation, _CONSISTENCY, copy)
    used: set[int] = set()
    for word in words:
        group = next((number for number, one in enumerate(groups) if word in one), None)
        if group is None or group in used:
            raise InvalidArgument(f"invalid mode: {mode}")
        used.add(group)


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
        options=tuple("=".join(pair) for pair in tmpfs.options),
    )


def _check(one: wire.Mount) -> None:
    def fail(reason: str) -> InvalidArgument:
        return InvalidArgument(f'invalid mount config for type "{one.type}": {reason}')

    if one.type not in _TYPES:
        raise InvalidArgument(f'mount type unknown: "{one.type}"')
    if one.type in ("cluster", "npipe"):
        raise fail("not supported on this host")
    if not one.target:
        raise fail("field Target must not be empty")
    if not one.target.startswith("/"):
        raise fail(f"invalid mount path: '{one.target}' mount path must be absolute")
    if one.type in ("bind", "image") and not one.source:
        raise fail("field Source must not be empty")
    if one.type == "bind" and not one.source.startswith("/"):
        raise fail(f"invalid mount path: '{one.source}' mount path must be absolute")
    if one.type == "tmpfs" and one.source:
        raise fail("field Source must not be specified")
    if one.type == "volume" and not one.source and one.read_only:
        raise fail("must not set ReadOnly mode when using anonymous volumes")
    if one.type == "volume" and one.source.startswith("/"):
        raise fail(f"invalid volume name: '{one.source}': it must not be a path")
    for kind, given in (
        ("bind", one.bind_options),
        ("volume", one.volume_options),
        ("tmpfs", one.tmpfs_options),
        ("image", one.image_options),
    ):
        if given is not UNSET and kind != one.type:
            raise fail(f"field {kind.capitalize()}Options must not be specified")


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
