"""A YAML writer for `config`: block style, lists indented below their key, quotes only where a plain text would be misread."""

from __future__ import annotations

from functools import cache

import yaml

from gorae.compose.yamlreader import loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MISREAD = frozenset(
    (
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "on",
        "On",
        "ON",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "off",
        "Off",
        "OFF",
    )
)
"""Readers of YAML 1.1 take these for truths."""


@cache
def dumper() -> type[Any]:
    """The class."""
    found: Any = type("ComposeWriter", (yaml.SafeDumper,), {"increase_indent": _indent})
    found.ignore_aliases = lambda *_: True
    found.add_representer(str, _represent)
    made: type[Any] = found
    return made


def _indent(self: Any, flow: bool = False, *_: bool, **__: bool) -> None:
    yaml.SafeDumper.increase_indent(self, flow, False)


def _represent(writer: Any, text: str) -> Any:
    if "\n" in text:
        return writer.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    style = '"' if text in _MISREAD or _is_no_text(text) else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_no_text(text: str) -> bool:
    """Whether a plain scalar of these characters would be read as a number, a truth or nothing."""
    for kind in (loader(), yaml.SafeLoader):
        for tag, pattern in kind.yaml_implicit_resolvers.get(text[:1], ()):
            if pattern.match(text) and tag != "tag:yaml.org,2002:merge":
                return True
    return not text
