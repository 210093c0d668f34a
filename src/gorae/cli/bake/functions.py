"""The functions of bake files that do not need the outside world. Pure."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import re

from gorae.cli.bake.expression import to_text
from gorae.client.session import quote

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
    return next((one for one in values if one is not None), None)


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


def _whole(value: float) -> float | int:
    """A number without a needless fraction."""
    return int(value) if float(value).is_integer() else value


def _trim_prefix(text: str, prefix: str) -> str:
    return text.removeprefix(prefix)


def _format_list(pattern: str, *values: Any) -> list[str]:
    """`format` for each element; what is no list stands in all of them."""
    length = max((len(one) for one in values if isinstance(one, list)), default=1)
    return [
        _format(pattern, *(one[at] if isinstance(one, list) else one for one in values))
        for at in range(length)
    ]


def _groups(found: re.Match[str]) -> Any:
    """Named groups as an object, others as a list, none as the text."""
    if found.re.groupindex:
        return found.groupdict()
    return list(found.groups()) if found.re.groups else found.group()


def _regex(pattern: str, text: str) -> Any:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError("the pattern did not match any part of the text")
    return _groups(found)


def _digest(kind: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(kind, text.encode()).hexdigest()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "absolute": abs,
    "add": lambda a, b: a + b,
    "and": lambda a, b: a and b,
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "basename": lambda text: text.rstrip("/").rpartition("/")[2],
    "ceil": lambda value: -int(-value // 1),
    "chomp": lambda text: text.rstrip("\r\n"),
    "chunklist": lambda items, size: [
        items[at : at + size] for at in range(0, len(items), size or len(items) or 1)
    ],
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next((one for one in lists if one), []),
    "compact": lambda items: [one for one in items if one not in (None, "")],
    "concat": lambda *lists: [one for items in lists for one in items],
    "contains": lambda items, value: value in items,
    "dirname": lambda text: text.rpartition("/")[0] or ".",
    "distinct": lambda items: list(dict.fromkeys(items)),
    "divide": lambda a, b: _whole(a / b),
    "element": lambda items, index: items[index % len(items)],
    "equal": lambda a, b: a == b,
    "flatten": _flatten,
    "floor": lambda value: int(value // 1),
    "format": _format,
    "formatlist": _format_list,
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
    "log": lambda number, base: _whole(math.log(number, base)),
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
    "parseint": int,
    "pow": lambda number, power: _whole(number**power),
    "range": lambda *limits: list(range(*limits)),
    "regex": _regex,
    "regex_replace": _regex_replace,
    "regexall": lambda pattern, text: [_groups(one) for one in re.finditer(pattern, text)],
    "replace": lambda text, old, new: text.replace(old, new),
    "reverse": lambda text: text[::-1],
    "reverselist": lambda items: items[::-1],
    "sanitize": lambda text: re.sub(r"[^a-zA-Z0-9_-]+", "_", text),
    "sethaselement": lambda items, value: value in items,
    "setintersection": lambda first, *rest: sorted(set(first).intersection(*rest)),
    "setproduct": lambda *lists: [list(one) for one in itertools.product(*lists)],
    "setsubtract": lambda first, second: sorted(set(first) - set(second)),
    "setsymmetricdifference": lambda first, second: sorted(set(first) ^ set(second)),
    "setunion": lambda *lists: sorted(set().union(*lists)),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "signum": lambda value: (value > 0) - (value < 0),
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
    "urlencode": lambda text: quote(text, "~").replace("%20", "+"),
    "values": lambda items: [items[key] for key in sorted(items)],
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
}
