"""Several files to one document: the rules by which a later file overrides an earlier. Pure.

Maps are merged key by key, sequences are appended, except those that have an identity (ports by what they publish,
volumes by target, secrets and configs by target) and those that replace (command, entrypoint, a check's test).
`Reset` and `Override` stand for the tags `!reset` and `!override`. Source: compose specification, 13-merge.md.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Document = dict[str, Any]

REPLACED = frozenset(("command", "entrypoint", "test"))


class Reset:
    """`!reset`: the attribute goes back to its default."""


class Override:
    """`!override`: the value replaces the one before it, whatever its kind."""

    def __init__(self, value: Any) -> None:
        self.value = value


def merge(below: Any, above: Any, path: tuple[str, ...] = ()) -> Any:
    """`above` over `below`; `path` tells which attribute this is."""
    if isinstance(above, Override):
        return above.value
    if above is None and below is not None and path and path[-1] not in REPLACED:
        return below
    if isinstance(below, dict) and isinstance(above, dict):
        return _merge_maps(below, above, path)
    if isinstance(below, list) and isinstance(above, list):
        return _merge_lists(below, above, path)
    return above


def _merge_maps(below: Document, above: Document, path: tuple[str, ...]) -> Document:
    found = dict(below)
    for key, value in above.items():
        if isinstance(value, Reset):
            found.pop(key, None)
        elif key in found:
            found[key] = merge(found[key], value, (*path, key))
        else:
            found[key] = stripped(value)
    return found


def _merge_lists(below: list[Any], above: list[Any], path: tuple[str, ...]) -> list[Any]:
    name = path[-1] if path else ""
    if name in REPLACED:
        return above
    identity = _IDENTITIES.get(name)
    if identity is None:
        return [*below, *(one for one in above if one not in below)]
    found = {identity(one): one for one in below}
    for one in above:
        key = identity(one)
        found[key] = {**found[key], **one} if key in found and isinstance(one, dict) else one
    return list(found.values())


def stripped(value: Any) -> Any:
    """A value without the marks of overriding, for where there is nothing below."""
    if isinstance(value, Override):
        return value.value
    if isinstance(value, dict):
        return {key: stripped(one) for key, one in value.items() if not isinstance(one, Reset)}
    return value


def _port(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    return (
        one.get("host_ip", ""),
        one["target"],
        one.get("published", ""),
        one.get("protocol", "tcp"),
    )


def _target(one: Any) -> Any:
    return one.get("target") or one.get("source") if isinstance(one, dict) else one


_IDENTITIES: dict[str, Callable[[Any], Any]] = {
    "ports": _port,
    "volumes": _target,
    "secrets": _target,
    "configs": _target,
    "env_file": lambda one: one.get("path") if isinstance(one, dict) else one,
}
