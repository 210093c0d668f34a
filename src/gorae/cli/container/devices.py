"""`--device`, `--device-cgroup-rule` and `--gpus`."""

from __future__ import annotations

from gorae.cli import values
from gorae.cli.container.environment import to_map
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def devices(texts: Iterable[str]) -> tuple[list[dict[str, str]], list[str]]:
    """The device mappings, and the names that are CDI's (`vendor.com/class=name`)."""
    mappings: list[dict[str, str]] = []
    cdi: list[str] = []
    for text in texts:
        if is_cdi(text):
            cdi.append(text)
        else:
            mappings.append(_mapping(text))
    return mappings, cdi


def is_cdi(text: str) -> bool:
    """Whether this is a qualified name of the Container Device Interface."""
    kind, found, name = text.partition("=")
    vendor, slash, class_name = kind.partition("/")
    return bool(found and slash and vendor and class_name and name) and vendor[0].isalpha()


def _mapping(text: str) -> dict[str, str]:
    parts = text.split(":")
    if len(parts) > 3 or not parts[0]:
        raise InvalidArgument(f"bad format for path: {text}")
    source, target, permissions = parts[0], "", "rwm"
    if len(parts) == 3:
        target, permissions = parts[1], parts[2]
        if not _is_mode(permissions):
            raise InvalidArgument(f"bad mode specified: {permissions}")
    elif len(parts) == 2 and _is_mode(parts[1]):
        permissions = parts[1]
    elif len(parts) == 2:
        target = parts[1]
    target = target or source
    if not target.startswith("/"):
        raise InvalidArgument(f"{target} is not an absolute path")
    return {"PathOnHost": source, "PathInContainer": target, "CgroupPermissions": permissions}


def _is_mode(text: str) -> bool:
    return bool(text) and len(set(text)) == len(text) and not text.strip("rwm")


def read_cgroup_rule(text: str) -> str:
    """`c 42:* rmw`: type, numbers, access."""
    parts = text.split(" ")
    numbers = parts[1].split(":") if len(parts) == 3 else []
    fits = (
        len(numbers) == 2
        and parts[0] in ("a", "b", "c")
        and all(number == "*" or number.isdigit() for number in numbers)
        and 1 <= len(parts[2]) <= 3
        and not parts[2].strip("rwm")
    )
    if not fits:
        raise InvalidArgument(f"invalid device cgroup format '{text}'")
    return text


def read_gpus(text: str) -> dict[str, Any]:
    """`all`, a count, or `device=0,1`, `capabilities=...`, `driver=...`, `options=...`."""
    request: dict[str, Any] = {
        "Driver": "", "Count": 0, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {},
    }  # fmt: skip
    seen: set[str] = set()
    for field in values.fields(text):
        key, found, value = field.partition("=")
        if key in seen:
            raise InvalidArgument(f"gpu request key '{key}' can be specified only once")
        seen.add(key)
        if not found:
            seen.add("count")
            request["Count"] = _count(key)
        elif key == "driver":
            request["Driver"] = value
        elif key == "count":
            request["Count"] = _count(value)
        elif key == "device":
            request["DeviceIDs"] = value.split(",")
        elif key == "capabilities":
            request["Capabilities"] = [[*value.split(","), "gpu"]]
        elif key == "options":
            request["Options"] = to_map(values.fields(value))
        else:
            raise InvalidArgument(f"unexpected key '{key}' in '{field}'")
    if "count" not in seen and request["DeviceIDs"] is None:
        request["Count"] = 1
    return request


def _count(text: str) -> int:
    if text == "all":
        return -1
    try:
        return values.integer(text)
    except InvalidArgument:
        raise InvalidArgument(
            f'invalid count ({text}): value must be either "all" or an integer: invalid syntax'
        ) from None
