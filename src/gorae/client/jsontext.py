"""JSON text to values and back through the interpreter's C scanner and encoder.

The `json` package imports `re` at its top, which is a quarter of a fast command's life; `_json` holds the
same scanner and encoder without it. Slower cases (errors) may load the package.
"""

from __future__ import annotations

import _json

from gorae.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SPACE = " \t\n\r"


class _Scanner:
    """What `_json.make_scanner` reads its behaviour from."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 - the scanner's own attribute


_scan = _json.make_scanner(_Scanner())  # type: ignore[arg-type]
_float = float.__repr__


def decode(data: bytes | str) -> Any:
    """The value of one JSON text.

    Raises:
        Unavailable: the text is no JSON (a server that speaks something else).
    """
    text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
    start = _skip(text, 0)
    try:
        value, end = _scan(text, start)
    except (StopIteration, ValueError) as error:
        raise Unavailable(f"the daemon's answer is not JSON: {text[:80]!r}") from error
    if _skip(text, end) != len(text):
        raise Unavailable(f"the daemon's answer has text after its JSON: {text[end : end + 80]!r}")
    return value


def decode_many(text: str) -> tuple[list[Any], str]:
    """The complete values at the beginning of `text`, and what is left of it."""
    values: list[Any] = []
    position = _skip(text, 0)
    while position < len(text):
        try:
            value, position = _scan(text, position)
        except (StopIteration, ValueError):
            break
        values.append(value)
        position = _skip(text, position)
    return values, text[position:]


def encode(value: Any, *, indent: int = 0, sort_keys: bool = False, html: bool = False) -> str:
    """`value` as JSON, compact without `indent`.

    Args:
        html: write `<`, `>` and `&` as `\\u00XX`, as Go's encoder does by default.
    """
    text = _pretty(value, " " * indent, "\n") if indent else _compact(value, sort_keys)
    if html:
        for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
            text = text.replace(character, escaped)
    return text


def _compact(value: Any, sort_keys: bool) -> str:
    encoder = _json.make_encoder(
        None, _refuse, _json.encode_basestring, None, ":", ",", sort_keys, False, True
    )
    return "".join(encoder(value, 0))


def _pretty(value: Any, step: str, line: str) -> str:
    """Go's `json.Indent`: empty containers stay on one line."""
    inner = line + step
    if isinstance(value, dict) and value:
        parts = [
            f"{inner}{_json.encode_basestring(key)}: {_pretty(item, step, inner)}"
            for key, item in value.items()
        ]
        return "{" + ",".join(parts) + line + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join(inner + _pretty(item, step, inner) for item in value) + line + "]"
    return _compact(value, False)


def _refuse(value: Any) -> Any:
    raise TypeError(f"no JSON for {type(value).__name__}")


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position
