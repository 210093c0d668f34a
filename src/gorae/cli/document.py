"""API documents as templates see them: JSON values read by the table of struct shapes."""

from __future__ import annotations

from gorae.cli.schema import STRUCTS
from gorae.cli.template.value import Nil, Struct, TypedList, TypedMap
from gorae.cli.timestamp import ZERO, go_text, parse_rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NUMBERS = frozenset(("int", "int64", "uint", "uint16", "uint32", "uint64", "float64"))
_UNITS = ((3600 * 10**9, "h"), (60 * 10**9, "m"))


class Document(Struct):
    """A struct over a JSON object; `json()` is the object as the engine wrote it."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, Any], name: str, *, pointer: bool = False) -> None:
        self.raw = raw
        super().__init__(name, _getters(raw, name), pointer=pointer, hidden=_promoted(name))

    def json(self) -> Any:
        """The object itself."""
        return self.raw


class Moment(str):
    """A time.Time: RFC 3339 in JSON, Go's text when printed."""

    __slots__ = ()

    @property
    def go_text(self) -> str:
        """As `Time.String` gives it."""
        if not self or self == ZERO:
            return "0001-01-01 00:00:00 +0000 UTC"
        return go_text(*parse_rfc3339(self))


class Span(int):
    """A time.Duration in nanoseconds; printed as `1h30m0s`."""

    @property
    def go_text(self) -> str:
        """As `Duration.String` gives it."""
        if self == 0:
            return "0s"
        if abs(self) < 10**9:
            for scale, unit in ((10**6, "ms"), (10**3, "µs"), (1, "ns")):
                if abs(self) >= scale:
                    return f"{self / scale:.10g}{unit}"
        sign, rest, text = ("-" if self < 0 else ""), abs(self), ""
        for scale, unit in _UNITS:
            if rest >= scale or text:
                text += f"{rest // scale}{unit}"
                rest %= scale
        return f"{sign}{text}{rest / 10**9:.10g}s"


def typed(raw: Any, kind: str) -> Any:
    """`raw` as a value of the Go type `kind`; what is absent is the type's zero value."""
    if kind.startswith("*"):
        if raw is None:
            return Nil(kind)
        return (
            Document(raw, kind[1:], pointer=True) if kind[1:] in STRUCTS else typed(raw, kind[1:])
        )
    if kind.startswith("[]"):
        return TypedList([typed(item, kind[2:]) for item in raw or ()], kind, nil=raw is None)
    if kind.startswith("map["):
        element = kind.partition("]")[2]
        items = {key: typed(item, element) for key, item in (raw or {}).items()}
        return TypedMap(items, kind, nil=raw is None)
    if kind in STRUCTS:
        return Document(raw or {}, kind)
    if kind == "struct{}":
        return Struct("struct {}", {})
    return _scalar(raw, kind)


def _scalar(raw: Any, kind: str) -> Any:
    if kind == "string":
        return "" if raw is None else raw
    if kind == "bool":
        return bool(raw)
    if kind == "time":
        return Moment(raw or ZERO)
    if kind == "duration":
        return Span(raw or 0)
    if kind in _NUMBERS:
        return raw or 0
    return raw


def _fields(name: str) -> list[tuple[str, str, str]]:
    """(field, JSON name, type) of a struct; embedded ones have no JSON name."""
    found = []
    for word in STRUCTS[name].split(" "):
        names, _, kind = word.partition("|")
        field, _, key = names.partition(":")
        if field == "^":
            found.append((kind.lstrip("*").rpartition(".")[2], "", kind))
        else:
            found.append((field, key or field, kind))
    return found


def _getters(raw: dict[str, Any], name: str) -> dict[str, Callable[[], Any]]:
    getters: dict[str, Callable[[], Any]] = {}
    for field, key, kind in _fields(name):
        if key:
            getters[field] = lambda key=key, kind=kind: typed(raw.get(key), kind)  # type: ignore[misc]
        else:
            getters[field] = lambda kind=kind: typed(raw, kind)  # type: ignore[misc]
            for promoted, reader in _getters(raw, kind.lstrip("*")).items():
                getters.setdefault(promoted, reader)
    return getters


def _promoted(name: str) -> frozenset[str]:
    """The fields that are reached through an embedded struct, so printed inside it."""
    found: set[str] = set()
    for _, key, kind in _fields(name):
        if not key:
            found |= {field for field, _, _ in _fields(kind.lstrip("*"))}
            found |= _promoted(kind.lstrip("*"))
    return frozenset(found - {field for field, key, _ in _fields(name) if key})
