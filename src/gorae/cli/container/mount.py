"""`--volume` and `--mount`: which is a bind, which a volume, and the API's mount document."""

from __future__ import annotations

import os

from gorae.cli import values
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Document = dict[str, Any]


def volumes(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Split `-v` texts.

    Returns:
        The binds (`source:target[:mode]`, a relative source made absolute) and the anonymous volumes'
        targets.
    """
    binds: list[str] = []
    anonymous: list[str] = []
    for text in dict.fromkeys(texts):
        source = _source_of(text)
        if not source:
            anonymous.append(text)
            continue
        if source.startswith("."):
            text = os.path.abspath(source) + text[len(source) :]
        binds.append(text)
    return binds, anonymous


def _source_of(text: str) -> str:
    """What stands before the first colon; empty for an anonymous volume."""
    if not text:
        raise InvalidArgument("invalid empty volume spec")
    if len(text) <= 2:
        return ""
    parts = _sections(text)
    if "" in parts:
        raise InvalidArgument(f"invalid spec: {text}: empty section between colons")
    return "" if len(parts) == 1 else parts[0]


def _sections(text: str) -> list[str]:
    """What stands between colons; after a single letter a colon is a drive's, as docker has it on any system."""
    found = [""]
    for character in text:
        if character == ":" and not (len(found[-1]) == 1 and found[-1].isalpha()):
            found.append("")
        else:
            found[-1] += character
    return found


def tmpfs(texts: Iterable[str]) -> dict[str, str]:
    """`--tmpfs target[:options]`."""
    return {target: options for target, _, options in (text.partition(":") for text in texts)}


def read_mount(text: str) -> Document:
    """`--mount type=bind,src=/a,dst=/b,readonly`: the API's document.

    Raises:
        InvalidArgument: an unknown key, a wrong value, a missing target, options of another type.
    """
    mount: Document = {"Type": "volume"}
    for field in values.fields(text):
        key, found, value = field.partition("=")
        key = key.lower()
        if not found:
            if key not in _SWITCHES:
                raise InvalidArgument(f"invalid field '{field}' must be a key=value pair")
            value = "true"
        setter = _KEYS.get(key)
        if setter is None:
            raise InvalidArgument(f"unexpected key '{key}' in '{field}'")
        setter(mount, key, value)
    _check(mount)
    return mount


_SWITCHES = frozenset(("readonly", "ro", "volume-nocopy", "bind-nonrecursive"))


def _type(mount: Document, key: str, value: str) -> None:
    mount["Type"] = value.lower()


def _source(mount: Document, key: str, value: str) -> None:
    mount["Source"] = os.path.abspath(value) if value.startswith(".") else value


def _target(mount: Document, key: str, value: str) -> None:
    mount["Target"] = value


def _boolean(key: str, value: str) -> bool:
    try:
        return values.boolean(value)
    except InvalidArgument:
        raise InvalidArgument(f"invalid value for {key}: {value}") from None


def _read_only(mount: Document, key: str, value: str) -> None:
    mount["ReadOnly"] = _boolean(key, value)


def _consistency(mount: Document, key: str, value: str) -> None:
    mount["Consistency"] = value.lower()


def _propagation(mount: Document, key: str, value: str) -> None:
    mount.setdefault("BindOptions", {})["Propagation"] = value.lower()


def _non_recursive(mount: Document, key: str, value: str) -> None:
    mount.setdefault("BindOptions", {})["NonRecursive"] = _boolean(key, value)


def _recursive(mount: Document, key: str, value: str) -> None:
    field = {
        "enabled": "",
        "disabled": "NonRecursive",
        "writable": "ReadOnlyNonRecursive",
        "readonly": "ReadOnlyForceRecursive",
    }.get(value)
    if field is None:
        raise InvalidArgument(
            f'invalid value for {key}: {value} (must be "enabled", "disabled", "writable", or "readonly")'
        )
    if field:
        mount.setdefault("BindOptions", {})[field] = True


def _idmap(mount: Document, key: str, value: str) -> None:
    mount.setdefault("BindOptions", {})["GoraeIdmap"] = value


def _volume(mount: Document) -> Document:
    options: Document = mount.setdefault("VolumeOptions", {"Labels": {}, "DriverConfig": {}})
    return options


def _no_copy(mount: Document, key: str, value: str) -> None:
    _volume(mount)["NoCopy"] = _boolean(key, value)


def _volume_subpath(mount: Document, key: str, value: str) -> None:
    _volume(mount)["Subpath"] = value


def _volume_label(mount: Document, key: str, value: str) -> None:
    _put(_volume(mount)["Labels"], value)


def _volume_driver(mount: Document, key: str, value: str) -> None:
    _volume(mount)["DriverConfig"]["Name"] = value


def _volume_option(mount: Document, key: str, value: str) -> None:
    _put(_volume(mount)["DriverConfig"].setdefault("Options", {}), value)


def _image_subpath(mount: Document, key: str, value: str) -> None:
    mount.setdefault("ImageOptions", {})["Subpath"] = value


def _tmpfs_size(mount: Document, key: str, value: str) -> None:
    try:
        mount.setdefault("TmpfsOptions", {})["SizeBytes"] = values.size_bytes(value)
    except InvalidArgument:
        raise InvalidArgument(f"invalid value for {key}: {value}") from None


def _tmpfs_mode(mount: Document, key: str, value: str) -> None:
    if not value or value.strip("01234567"):
        raise InvalidArgument(f"invalid value for {key}: {value}")
    mount.setdefault("TmpfsOptions", {})["Mode"] = int(value, 8)


def _put(target: dict[str, str], text: str) -> None:
    name, _, value = text.partition("=")
    if name:
        target[name] = value


_KEYS: dict[str, Callable[[Document, str, str], None]] = {
    "type": _type,
    "source": _source,
    "src": _source,
    "target": _target,
    "dst": _target,
    "destination": _target,
    "readonly": _read_only,
    "ro": _read_only,
    "consistency": _consistency,
    "bind-propagation": _propagation,
    "bind-nonrecursive": _non_recursive,
    "bind-recursive": _recursive,
    "idmap": _idmap,
    "volume-subpath": _volume_subpath,
    "volume-nocopy": _no_copy,
    "volume-label": _volume_label,
    "volume-driver": _volume_driver,
    "volume-opt": _volume_option,
    "image-subpath": _image_subpath,
    "tmpfs-size": _tmpfs_size,
    "tmpfs-mode": _tmpfs_mode,
}
_FAMILIES = (
    ("VolumeOptions", "volume"),
    ("ImageOptions", "image"),
    ("BindOptions", "bind"),
    ("TmpfsOptions", "tmpfs"),
)


def _check(mount: Document) -> None:
    if not mount["Type"]:
        raise InvalidArgument("type is required")
    if not mount.get("Target"):
        raise InvalidArgument("target is required")
    for key, kind in _FAMILIES:
        if key in mount and mount["Type"] != kind:
            raise InvalidArgument(
                f"cannot mix '{kind}-*' options with mount type '{mount['Type']}'"
            )
    bind = mount.get("BindOptions", {})
    needs = "requires '{}' to be specified in conjunction"
    for field, word in (
        ("ReadOnlyNonRecursive", "writable"),
        ("ReadOnlyForceRecursive", "readonly"),
    ):
        if bind.get(field) and not mount.get("ReadOnly"):
            raise InvalidArgument(f"option 'bind-recursive={word}' " + needs.format("readonly"))
    if bind.get("ReadOnlyForceRecursive") and bind.get("Propagation") != "rprivate":
        raise InvalidArgument(
            "option 'bind-recursive=readonly' " + needs.format("bind-propagation=rprivate")
        )
