"""The functions of bake files that do not need the outside world. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from gorae.cli.bake.expression import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _flatten(value: list[Any]) -> list[Any]:
    found: list[Any] = []
    for one in value:
        found += _flatten(one) if isinstance(one, list) else [one]
    return found


def _coalesce(*values: Any) -> Any:
    return next((one for one in values if one not in (None, "")), None)


def _substr(text: str, offset: int, length: int) -> str:
    offset = offset + len(text) if offset < 0 else offset
    return text[offset:] if length < 0 else text[offset : offset + length]


def _format(pattern: str, *values: Any) -> str:
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        if found.group() == "%%":
            return "%"
        value = rest.pop(0)
        return found.group() % value if found.group()[-1] in "dfxXo" else to_text(value)

    return re.sub(r"%%|%[-+0-9.]*[sdvfqxXot]", one, pattern)


def _regex_replace(text: str, pattern: str, replacement: str) -> str:
    return re.sub(pattern, re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", replacement), text)


def _trim_prefix(text: str, prefix: str) -> str:
    return text.removeprefix(prefix)


def _digest(kind: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(kind, text.encode()).hexdigest()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "add": lambda a, b: a + b,
    "and": lambda a, b: a and b,
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "basename": lambda text: text.rstrip("/").rpartition("/")[2],
    "ceil": lambda value: -int(-value // 1),
    "chomp": lambda text: text.rstrip("\r\n"),
    "coalesce": _coalesce,
    "compact": lambda items: [one for one in items if one not in (None, "")],
    "concat": lambda *lists: [one for items in lists for one in items],
    "contains": lambda items, value: value in items,
    "dirname": lambda text: text.rpartition("/")[0] or ".",
    "distinct": lambda items: list(dict.fromkeys(items)),
    "divide": lambda a, b: a / b,
    "element": lambda items, index: items[index % len(items)],
    "equal": lambda a, b: a == b,
    "flatten": _flatten,
    "floor": lambda value: int(value // 1),
    "format": _format,
    "greaterthan": lambda a, b: a > b,
    "greaterthanorequalto": lambda a, b: a >= b,
    "hasindex": lambda items, key: (
        key in items if isinstance(items, dict) else 0 <= key < len(items)
    ),
    "indent": lambda width, text: text.replace("\n", "\n" + " " * width),
    "index": lambda items, key: items[key],
    "indexof": lambda items, value: items.index(value),
    "int": int,
    "join": lambda separator, *lists: separator.join(
        to_text(one) for items in lists for one in items
    ),
    "jsondecode": json.loads,
    "jsonencode": lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True),
    "keys": sorted,
    "length": len,
    "lessthan": lambda a, b: a < b,
    "lessthanorequalto": lambda a, b: a <= b,
    "lookup": lambda items, key, default=None: items.get(key, default),
    "lower": str.lower,
    "max": max,
    "md5": _digest("md5"),
    "merge": lambda *maps: {key: value for one in maps for key, value in one.items()},
    "min": min,
    "modulo": lambda a, b: a % b,
    "multiply": lambda a, b: a * b,
    "negate": lambda a: -a,
    "not": lambda a: not a,
    "notequal": lambda a, b: a != b,
    "or": lambda a, b: a or b,
    "range": lambda *limits: list(range(*limits)),
    "regex_replace": _regex_replace,
    "replace": lambda text, old, new: text.replace(old, new),
    "reverse": lambda text: text[::-1],
    "reverselist": lambda items: items[::-1],
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "slice": lambda items, start, end: items[start:end],
    "sort": sorted,
    "split": lambda separator, text: text.split(separator),
    "strlen": len,
    "substr": _substr,
    "subtract": lambda a, b: a - b,
    "title": lambda text: re.sub(r"\b\w", lambda found: found.group().upper(), text),
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": _trim_prefix,
    "trimspace": str.strip,
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": str.upper,
    "values": lambda items: [items[key] for key in sorted(items)],
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
}
