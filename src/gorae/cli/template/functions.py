"""The functions of templates: Go's own and docker's (json, split, join, title, lower, upper, pad, truncate)."""

from __future__ import annotations

from gorae.cli.template import formatting
from gorae.cli.template.value import (
    NO_VALUE,
    Nil,
    Row,
    Struct,
    TemplateFault,
    TypedList,
    TypedMap,
    truth,
    type_name,
)
from gorae.client import jsontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Definition:
    """A function: how many arguments, and which of them must be strings ("s"), ints ("i") or lists of strings ("l")."""

    __slots__ = ("call", "least", "most", "types")

    def __init__(
        self, call: Callable[..., Any], least: int, most: int | None, types: str = ""
    ) -> None:
        self.call = call
        self.least = least
        self.most = most
        self.types = types


def to_plain(value: Any) -> Any:
    """The JSON document that stands for `value`."""
    if value is NO_VALUE or isinstance(value, Nil):
        return None
    if hasattr(value, "json"):
        return value.json()
    if isinstance(value, Struct):
        return {name: to_plain(item) for name, item in value.printed()}
    if isinstance(value, dict):
        if getattr(value, "nil", False):
            return None
        return {key: to_plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return None if getattr(value, "nil", False) else [to_plain(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """docker's `json`: compact, map keys sorted, `<>&` as they are."""
    return jsontext.encode(to_plain(value), html=isinstance(value, Row))


def index(item: Any, *keys: Any) -> Any:
    """Go's `index`: through maps and slices, key by key."""
    if item is NO_VALUE or item is None:
        raise TemplateFault("index of untyped nil")
    for key in keys:
        item = _index_one(item, key)
    return item


def _index_one(item: Any, key: Any) -> Any:
    if isinstance(item, Nil) or item is None:
        raise TemplateFault("index of nil pointer")
    if isinstance(item, dict):
        if not isinstance(key, str):
            raise TemplateFault(f"value has type {type_name(key)}; should be string")
        return item[key] if key in item else zero_of_element(item)
    if isinstance(item, (list, str)):
        if isinstance(key, bool) or not isinstance(key, int):
            raise TemplateFault(f"cannot index slice/array with type {type_name(key)}")
        if not 0 <= key < len(item):
            raise TemplateFault(
                "reflect: slice index out of range"
                if key == len(item)
                else f"index out of range: {key}"
            )
        return item[key] if isinstance(item, list) else item.encode()[key]
    raise TemplateFault(f"can't index item of type {type_name(item)}")


def zero_of_element(item: Any) -> Any:
    """What an absent key of a map gives to `index`."""
    if isinstance(item, TypedMap):
        element = item.type_name.partition("]")[2]
        if element == "string":
            return ""
        if element == "struct {}":
            return Struct("struct {}", {})
    return NO_VALUE


def slice_(item: Any, *bounds: Any) -> Any:
    """Go's `slice`."""
    if not isinstance(item, (str, list)):
        raise TemplateFault(f"can't slice item of type {type_name(item)}")
    data = item.encode() if isinstance(item, str) else item
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise TemplateFault(f"cannot index slice/array with type {type_name(bound)}")
        if not 0 <= bound <= len(data):
            raise TemplateFault(f"index out of range: {bound}")
    if isinstance(item, str) and len(bounds) == 3:
        raise TemplateFault("cannot 3-index slice a string")
    start, end = (*bounds, len(data))[:2] if bounds else (0, len(data))
    if start > end:
        raise TemplateFault(f"invalid slice index: {start} > {end}")
    cut = data[start:end]
    if isinstance(cut, bytes):
        return cut.decode("utf-8", "surrogateescape")
    return TypedList(cut, type_name(item))


def length(item: Any) -> int:
    """Go's `len`; strings count bytes."""
    if isinstance(item, str):
        return len(item.encode())
    if isinstance(item, (list, dict)):
        return len(item)
    if item is NO_VALUE or item is None or isinstance(item, Nil):
        raise TemplateFault("len of nil pointer")
    raise TemplateFault(f"len of type {type_name(item)}")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    for python, kind in ((int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, python):
            return kind
    return "nil" if value is NO_VALUE or value is None or isinstance(value, Nil) else "other"


def equal(first: Any, *others: Any) -> bool:
    """Go's `eq`: the first against any of the others."""
    if not others:
        raise TemplateFault("missing argument for comparison")
    kind = _kind(first)
    if kind == "other":
        raise TemplateFault("incompatible types for comparison")
    for other in others:
        if "nil" in (kind, _kind(other)):
            if kind == _kind(other):
                return True
            continue
        if kind != _kind(other):
            raise TemplateFault("incompatible types for comparison")
        if first == other:
            return True
    return False


def less(first: Any, second: Any) -> bool:
    """Go's `lt`."""
    kind = _kind(first)
    if kind in ("bool", "other", "nil"):
        raise TemplateFault("invalid type for comparison")
    if kind != _kind(second):
        raise TemplateFault("incompatible types for comparison")
    return bool(first < second)


def html(*values: Any) -> str:
    """Text safe inside HTML."""
    text = _text(values)
    for character, escaped in (
        ("&", "&amp;"), ("'", "&#39;"), ('"', "&#34;"), ("<", "&lt;"), (">", "&gt;"), ("\0", "\ufffd"),
    ):  # fmt: skip
        text = text.replace(character, escaped)
    return text


def javascript(*values: Any) -> str:
    """Text safe inside a JavaScript string."""
    parts = []
    for character in _text(values):
        if character in "\\'\"":
            parts.append("\\" + character)
        elif character in "<>&=" or ord(character) < 0x20:
            parts.append(f"\\u{ord(character):04X}")
        else:
            parts.append(character)
    return "".join(parts)


def urlquery(*values: Any) -> str:
    """Text safe inside a URL's query."""
    keep = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    data = _text(values).encode()
    return "".join(
        chr(byte) if chr(byte) in keep else "+" if byte == 0x20 else f"%{byte:02X}" for byte in data
    )


def _text(values: tuple[Any, ...]) -> str:
    return (
        values[0] if len(values) == 1 and isinstance(values[0], str) else formatting.sprint(values)
    )


def join(items: Any, separator: Any) -> str:
    """docker's `join`."""
    return str(separator).join(formatting.plain(item) for item in items)


def title(text: str) -> str:
    """Each word's first letter in upper case, the rest as it is."""
    parts, start = [], True
    for character in text:
        parts.append(character.upper() if start else character)
        start = not (character.isalnum() or character in "_'")
    return "".join(parts)


def pad(text: str, before: int, after: int) -> str:
    """Spaces around a text that is not empty."""
    return " " * before + text + " " * after if text else text


def truncate(text: str, limit: int) -> str:
    """At most `limit` characters."""
    return text[:limit]


FUNCTIONS: dict[str, Definition] = {
    "and": Definition(lambda *values: values, 1, None),
    "or": Definition(lambda *values: values, 1, None),
    "not": Definition(lambda value: not truth(value), 1, 1),
    "len": Definition(length, 1, 1),
    "index": Definition(index, 1, None),
    "slice": Definition(slice_, 1, 4),
    "print": Definition(lambda *values: formatting.sprint(values), 0, None),
    "println": Definition(lambda *values: formatting.sprintln(values), 0, None),
    "printf": Definition(
        lambda pattern, *values: formatting.sprintf(pattern, values), 1, None, "s"
    ),
    "html": Definition(html, 0, None),
    "js": Definition(javascript, 0, None),
    "urlquery": Definition(urlquery, 0, None),
    "call": Definition(lambda *values: values, 1, None),
    "eq": Definition(equal, 1, None),
    "ne": Definition(lambda first, second: not equal(first, second), 2, 2),
    "lt": Definition(less, 2, 2),
    "le": Definition(lambda a, b: less(a, b) or equal(a, b), 2, 2),
    "gt": Definition(lambda a, b: not (less(a, b) or equal(a, b)), 2, 2),
    "ge": Definition(lambda a, b: not less(a, b), 2, 2),
    "json": Definition(to_json, 1, 1),
    "split": Definition(
        lambda text, separator: text.split(separator) if separator else list(text), 2, 2, "ss"
    ),
    "join": Definition(join, 2, 2, "ls"),
    "title": Definition(title, 1, 1, "s"),
    "lower": Definition(str.lower, 1, 1, "s"),
    "upper": Definition(str.upper, 1, 1, "s"),
    "pad": Definition(pad, 3, 3, "sii"),
    "truncate": Definition(truncate, 2, 2, "si"),
}
