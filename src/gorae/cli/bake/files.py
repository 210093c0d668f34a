"""Which files define a bake, and what they say: HCL, JSON and compose files to one `Definition`."""

from __future__ import annotations

import os
import re

from gorae.cli.bake import definition, hcl
from gorae.cli.bake.definition import Definition
from gorae.client import jsontext
from gorae.errors import InvalidArgument, NotFound, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

DEFAULTS = (
    "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "docker-bake.json", "docker-bake.hcl",
    "docker-bake.override.json", "docker-bake.override.hcl",
)  # fmt: skip
MAX_FILE_BYTES = 4 << 20
NAME = re.compile(r"[a-zA-Z0-9_-]+")


class Loaded:
    """The definition, and its variables for `--list`."""

    def __init__(self, found: Definition, variables: dict[str, Any]) -> None:
        self.definition = found
        self.variables = variables


def load(paths: Sequence[str], environment: dict[str, str], stdin: int = 0) -> Loaded:
    """Read the files (`-` is standard input), or those that are looked for by default.

    Raises:
        NotFound: a named file, or every default one, is missing. InvalidArgument: a file cannot be read.
    """
    chosen = list(paths) or [name for name in DEFAULTS if os.path.exists(name)]
    if not chosen:
        raise NotFound(f"couldn't find a bake definition: none of {', '.join(DEFAULTS)} is here")
    groups: dict[str, list[str]] = {}
    targets: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    hcl_documents: list[dict[str, Any]] = []
    json_documents: list[dict[str, Any]] = []
    for path in chosen:
        text = _read(path, stdin)
        kind = _kind(path, text)
        if kind == "compose":
            from gorae.cli.bake import compose

            found = compose.targets(text, path, environment)
            groups["default"] = list(dict.fromkeys([*groups.get("default", ()), *found]))
            targets = definition.merge_documents([{"target": targets}, {"target": found}])["target"]
        elif kind == "json":
            json_documents.append(_json(text, path))
        else:
            hcl_documents.append(hcl.parse_hcl(text, path))
    for documents, quoted in ((json_documents, False), (hcl_documents, True)):
        if documents:
            _check_blocks(documents)
            reader = hcl.Reader(documents, environment, quoted=quoted)
            groups, targets = _evaluated(documents, reader, groups, targets)
            reader.validate()
            variables |= reader.variables()
    return Loaded(Definition(groups, targets), variables)


def _check_blocks(documents: list[dict[str, Any]]) -> None:
    """Raises: InvalidArgument: a block is no object, or a target's or a group's name cannot be one."""
    for document in documents:
        for kind in ("target", "group", "variable", "function"):
            blocks = document.get(kind) or {}
            if not isinstance(blocks, dict):
                raise InvalidArgument(f'"{kind}": wanted an object, its names and their blocks')
            for name, body in blocks.items():
                if not isinstance(body, dict):
                    raise InvalidArgument(f'{kind} "{name}": wanted an object')
                if kind == "function" and not isinstance(body.get("params") or [], list):
                    raise InvalidArgument(f'function "{name}": params: wanted a list')
                if kind in ("target", "group") and not NAME.fullmatch(name):
                    raise InvalidArgument(
                        f'{kind} "{name}": invalid name: only [a-zA-Z0-9_-]+ are allowed'
                    )


def _evaluated(
    documents: list[dict[str, Any]],
    reader: hcl.Reader,
    groups: dict[str, list[str]],
    targets: dict[str, Any],
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    merged = definition.merge_documents(documents)
    for name, body in merged["group"].items():
        members = reader.value(body.get("targets") or [], reader.scope)
        if not isinstance(members, list):
            raise InvalidArgument(f'group "{name}": targets: wanted a list')
        groups[name] = [str(one) for one in members]
    found: dict[str, Any] = {}
    for name, body in merged["target"].items():
        if body.get("matrix"):
            found[name] = {**body, "matrix": reader.value(body["matrix"], reader.scope)}
        else:
            found[name] = reader.value(body, reader.scope)
        definition.check_fields(name, found[name], matrix=bool(body.get("matrix")))

    def evaluate(target: dict[str, Any], bound: dict[str, Any]) -> Any:
        made = reader.value(target, reader.scope.with_names(bound))
        definition.check_fields(str(made.get("name", "")), made)
        return made

    expanded, of_matrix = definition.expand_matrices(found, evaluate)
    both = definition.merge_documents([{"target": targets}, {"target": expanded}])["target"]
    return {**groups, **of_matrix}, both


def _read(path: str, stdin: int) -> str:
    try:
        with open(stdin if path == "-" else path, "rb", closefd=path != "-") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NotFound(f"open {path}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > MAX_FILE_BYTES:
        raise InvalidArgument(f"{path} has more than {MAX_FILE_BYTES} bytes")
    return data.decode("utf-8", "replace")


def _kind(path: str, text: str) -> str:
    if path.endswith((".yaml", ".yml")):
        return "compose"
    if path.endswith(".json") or text.lstrip()[:1] == "{":
        return "json"
    return "hcl"


def _json(text: str, path: str) -> dict[str, Any]:
    try:
        found = jsontext.decode(text)
    except Unavailable:
        raise InvalidArgument(f"failed to parse {path}: it is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidArgument(f"failed to parse {path}: wanted an object")
    return found


def printed(found: Definition, wanted: Sequence[str], overrides: Sequence[str]) -> dict[str, Any]:
    """What `--print` shows: the groups and targets of a bake, as they would be built."""
    groups, names = found.names(wanted)
    targets: dict[str, Any] = {}
    queue = list(names)
    while queue:
        name = queue.pop(0)
        target = found.resolved(name, overrides)
        linked = [
            one.partition(":")[2]
            for one in (target.get("contexts") or {}).values()
            if _is_target(one)
        ]
        queue += [one for one in linked if one not in targets and one not in queue]
        if name not in names:
            target = {**target, "output": [{"type": "cacheonly"}]}
        targets[name] = _plain(target)
    shown = {
        name: {"targets": sorted(items) if name == "default" else items}
        for name, items in sorted(groups.items())
    }
    return {"group": shown, "target": {name: targets[name] for name in sorted(targets)}}


def _is_target(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("target:")


_ORDER = (
    "annotations", "attest", "context", "contexts", "dockerfile", "dockerfile-inline", "args", "labels", "tags",
    "cache-from", "cache-to", "target", "secret", "ssh", "platforms", "output", "pull", "no-cache", "network",
    "no-cache-filter", "shm-size", "ulimits", "call", "entitlements", "extra-hosts", "description",
)  # fmt: skip
_ATTRIBUTES = ("attest", "cache-from", "cache-to", "output", "secret")


def _attributes(key: str, value: Any) -> Any:
    from gorae.cli.builder import attributes

    if not isinstance(value, str):
        return value
    if key == "output":
        return attributes.output(value)
    if key in ("cache-from", "cache-to") and "=" not in value:
        return {"ref": value, "type": "registry"}
    given = attributes.pairs(value, key)
    return {name: one for name, one in given.items() if (key, name) != ("secret", "type")}


def _plain(target: dict[str, Any]) -> dict[str, Any]:
    """Fields in buildx's order, texts of attributes as objects."""
    shown: dict[str, Any] = {}
    for key in _ORDER:
        value = target.get(key)
        if value in (None, "", [], {}) and value is not False:
            continue
        if key in _ATTRIBUTES:
            value = [_attributes(key, one) for one in value]
        elif key in ("args", "labels"):
            from gorae.cli.bake.expression import escaped, to_text

            texts = {name: to_text(one) for name, one in value.items() if one is not None}
            value = {name: escaped(texts[name]) for name in sorted(texts)}
        if value not in ({}, []):
            shown[key] = value
    return shown
