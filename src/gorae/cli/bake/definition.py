"""A bake definition: groups and targets, merged, overridden, inherited, with variables and matrices. Pure.

Shape: the document of a file is `{"variable": {...}, "group": {...}, "target": {...}, "function": {...}}`; its strings
are evaluated by the reader of its language before they come here. Source: the bake file reference of buildx.
"""

from __future__ import annotations

import itertools
import posixpath
from fnmatch import fnmatchcase

from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Target = dict[str, Any]

LISTS = (
    "annotations", "attest", "cache-from", "cache-to", "entitlements", "inherits", "no-cache-filter", "output",
    "platforms", "secret", "ssh", "tags", "ulimits", "call-args",
)  # fmt: skip
MAPS = ("args", "contexts", "labels", "extra-hosts")
TEXTS = (
    "call", "cgroup-parent", "context", "description", "dockerfile", "dockerfile-inline", "name", "network",
    "shm-size", "target",
)  # fmt: skip
FLAGS = ("no-cache", "pull")
KNOWN = frozenset((*LISTS, *MAPS, *TEXTS, *FLAGS, "matrix"))
SET_NAMES = {"platform": "platforms", "secrets": "secret"}
"""What `--set` calls some fields."""
APPENDED = ("annotations", "attest", "cache-from", "cache-to", "output", "secret", "ssh", "tags")
MAX_DEPTH = 64


def merge_documents(documents: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Later files win, field by field."""
    found: dict[str, Any] = {"variable": {}, "group": {}, "target": {}}
    for document in documents:
        for kind in ("variable", "group"):
            found[kind] |= document.get(kind) or {}
        for name, target in (document.get("target") or {}).items():
            found["target"][name] = merge(found["target"].get(name, {}), target)
    return found


def check_fields(name: str, target: Target, *, matrix: bool = False) -> None:
    """`matrix`: only that one is evaluated yet.

    Raises:
        InvalidArgument: a field has a value of another kind than it takes.
    """
    for key, value in target.items():
        if value is None or (matrix and key != "matrix"):
            continue
        if key in LISTS and not isinstance(value, list):
            raise InvalidArgument(f'target "{name}": {key}: wanted a list')
        if key in (*MAPS, "matrix") and not isinstance(value, dict):
            raise InvalidArgument(f'target "{name}": {key}: wanted a map')


def merge(below: Target, above: Target) -> Target:
    """`above` over `below`: maps are joined, everything else is replaced."""
    found = dict(below)
    for key, value in above.items():
        if key in MAPS and isinstance(value, dict):
            found[key] = {**(below.get(key) or {}), **value}
        else:
            found[key] = value
    return found


def expand_matrices(
    targets: dict[str, Target], evaluate: Any = None
) -> tuple[dict[str, Target], dict[str, list[str]]]:
    """Targets with a `matrix` become one for each combination; the groups that take their names."""
    found: dict[str, Target] = {}
    groups: dict[str, list[str]] = {}
    for name, target in targets.items():
        matrix = target.get("matrix")
        if not matrix:
            found[name] = target
            continue
        for key, choices in matrix.items():
            if not isinstance(choices, list):
                raise InvalidArgument(f'target "{name}": matrix: {key}: wanted a list')
        keys = list(matrix)
        for values in itertools.product(*(matrix[key] for key in keys)):
            bound = dict(zip(keys, values, strict=True))
            one = evaluate({k: v for k, v in target.items() if k != "matrix"}, bound)
            own_name = one.pop("name", None)
            if not own_name:
                raise InvalidArgument(
                    f'target "{name}": a matrix needs a name for each of its targets'
                )
            found[own_name] = one
            groups.setdefault(name, []).append(own_name)
    return found, groups


class Definition:
    """Groups and targets, ready to be asked."""

    def __init__(self, groups: dict[str, list[str]], targets: dict[str, Target]) -> None:
        self.groups = groups
        self.targets = {
            name: {key: value for key, value in target.items() if key in KNOWN}
            for name, target in targets.items()
        }
        self.unknown = [
            f'target "{name}": unknown key "{key}" is passed over'
            for name, target in targets.items()
            for key in target
            if key not in KNOWN
        ]

    def names(self, wanted: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
        """The groups met on the way, and the targets that `wanted` means, each once.

        Raises:
            NotFound: no such target or group.
        """
        asked = list(wanted) or ["default"]
        if not wanted and "default" not in self.groups and "default" not in self.targets:
            if len(self.targets) != 1:
                raise NotFound("failed to find target default")
            asked = list(self.targets)
        met: dict[str, list[str]] = {}
        found: list[str] = []
        self._expand(asked, met, found, 0)
        if asked != ["default"]:
            met["default"] = asked
        return met, found

    def _expand(
        self, names: Sequence[str], met: dict[str, list[str]], found: list[str], depth: int
    ) -> None:
        if depth > MAX_DEPTH:
            raise InvalidArgument("groups of the bake file contain each other")
        for name in names:
            if name in self.groups:
                met[name] = self.groups[name]
                self._expand(self.groups[name], met, found, depth + 1)
            elif name in self.targets:
                if name not in found:
                    found.append(name)
            else:
                raise NotFound(f"failed to find target {name}")

    def resolved(self, name: str, overrides: Sequence[str] = ()) -> Target:
        """A target with all that it inherits and with `--set` applied.

        Raises:
            NotFound: it inherits from nobody. InvalidArgument: a wrong `--set`.
        """
        found = self._inherited(name, ())
        for text in overrides:
            found = override(name, found, text)
        found["context"] = cleaned(str(found.get("context") or "."))
        found.setdefault("dockerfile", "Dockerfile")
        return found

    def _inherited(self, name: str, above: tuple[str, ...]) -> Target:
        if name in above:  # as buildx has it, a circle ends where it closes
            return {}
        target = self.targets.get(name)
        if target is None:
            raise NotFound(f"failed to find target {name}")
        found: Target = {}
        for parent in target.get("inherits") or ():
            found = merge(found, self._inherited(parent, (*above, name)))
        found = merge(found, target)
        found.pop("inherits", None)
        return found


def override(name: str, target: Target, text: str) -> Target:
    """`PATTERN.KEY[.SUBKEY][+]=VALUE` on the targets that the pattern fits.

    Raises:
        InvalidArgument: another form, or an unknown key.
    """
    path, equals, value = text.partition("=")
    append = path.endswith("+")
    parts = path.removesuffix("+").split(".")
    if len(parts) < 2:
        raise InvalidArgument(f"invalid override key {path}, expected target.name")
    if not fnmatchcase(name, parts[0]):
        return target
    key, rest = parts[1], ".".join(parts[2:])
    key = SET_NAMES.get(key, key)
    if key not in KNOWN or parts[1] in SET_NAMES.values():
        raise InvalidArgument(f"unknown key: {key}")
    if not equals and not (key in ("args", "labels", "contexts") and rest):
        raise InvalidArgument(f"invalid override {text}, expected target.name=value")
    found = dict(target)
    if key in MAPS:
        found[key] = {**(target.get(key) or {}), rest: value if equals else None}
    elif key in LISTS:
        before = list(target.get(key) or ()) if append or _is_set_before(target, key) else []
        found[key] = [*before, value]
        found.setdefault("__set__", set()).add(key)
    elif key in FLAGS:
        found[key] = value.lower() in ("1", "t", "true", "yes")
    else:
        found[key] = value
    return found


def _is_set_before(target: Target, key: str) -> bool:
    """Whether an earlier `--set` gave this list already: then they add up."""
    return key in target.get("__set__", ())


def cleaned(context: str) -> str:
    """A local folder's path without detours; what is elsewhere stays as it is."""
    if "://" in context or context.startswith(("git@", "github.com/")) or context == "-":
        return context
    return posixpath.normpath(context)


def words(target: Target) -> list[str]:
    """The command line of `build` that a resolved target means, without its context."""
    found: list[str] = []
    for key, option in (("target", "target"), ("network", "network"), ("shm-size", "shm-size"), ("call", "call"), ("cgroup-parent", "cgroup-parent")):  # fmt: skip
        if target.get(key):
            found += [f"--{option}", str(target[key])]
    for key, option in (("args", "build-arg"), ("labels", "label"), ("contexts", "build-context")):
        for name, value in (target.get(key) or {}).items():
            found += [f"--{option}", name if value is None else f"{name}={value}"]
    for name, value in (target.get("extra-hosts") or {}).items():
        found += ["--add-host", f"{name}:{value}"]
    for key, option in (
        ("tags", "tag"), ("platforms", "platform"), ("cache-from", "cache-from"), ("cache-to", "cache-to"),
        ("secret", "secret"), ("ssh", "ssh"), ("output", "output"), ("annotations", "annotation"),
        ("attest", "attest"), ("no-cache-filter", "no-cache-filter"), ("ulimits", "ulimit"), ("entitlements", "allow"),
    ):  # fmt: skip
        for value in target.get(key) or ():
            found += [f"--{option}", _text(value)]
    found += [f"--{key}" for key in FLAGS if target.get(key)]
    return found


def _text(value: Any) -> str:
    """Attributes may be written as an object: `{type = "local", dest = "out"}`."""
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in value.items())
    return str(value)
