"""A YAML loader for compose files: plain values, YAML 1.2's booleans, the tags of overriding."""

from __future__ import annotations

import re
from functools import cache

import yaml

from gorae.compose.merge import Override, Reset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")


@cache
def loader() -> type[Any]:
    """The class: the C parser where there is one."""
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: Any = type("ComposeLoader", (base,), {})
    resolvers = {key: list(value) for key, value in base.yaml_implicit_resolvers.items()}
    for key, value in resolvers.items():
        # `on`, `yes` and times of day (22:22 is no number in base 60) are strings in a compose file
        kept = [(tag, pattern) for tag, pattern in value if tag not in _REPLACED]
        resolvers[key] = kept
    found.yaml_implicit_resolvers = resolvers
    found.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))
    found.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
    found.add_constructor("tag:yaml.org,2002:int", _integer)
    found.add_constructor("tag:yaml.org,2002:map", _mapping)
    found.add_constructor("!reset", lambda *_: Reset())
    found.add_constructor("!override", _override)
    made: type[Any] = found
    return made


_REPLACED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp")
_INTEGER = re.compile(r"^[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|[0-9]+)$")


def _integer(self: Any, node: Any) -> int:
    text = self.construct_scalar(node).lower().replace("_", "")
    digits = text.lstrip("+-")
    if digits.startswith(("0o", "0x", "0b")):
        return int(text, 0)
    # a leading zero is octal, as YAML 1.1 has it and modes are written
    return (
        int(text, 8)
        if len(digits) > 1 and digits[0] == "0" and set(digits) <= set("01234567")
        else int(text)
    )


def _mapping(self: Any, node: Any) -> Any:
    """A key stands once; merged keys (`<<`) may be overridden."""
    lines: dict[Any, int] = {}
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
            continue
        if key.value in lines:
            raise yaml.constructor.ConstructorError(
                None, None, f'mapping key "{key.value}" already defined at line {lines[key.value]}',
                key.start_mark,
            )  # fmt: skip
        lines[key.value] = key.start_mark.line + 1
    data: dict[Any, Any] = {}
    yield data
    data.update(self.construct_mapping(node))


def _override(self: Any, node: Any) -> Override:
    if isinstance(node, yaml.MappingNode):
        return Override(self.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return Override(self.construct_sequence(node, deep=True))
    return Override(self.construct_object(node, deep=True))
