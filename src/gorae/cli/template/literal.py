"""Constants of a template to values: Go's numbers, strings and characters."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'",
    '"': '"',
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}


def value(kind: str, text: str) -> Any:
    """The constant's value; None when it is malformed."""
    if kind == "bool":
        return text == "true"
    if kind == "raw":
        return text
    if kind == "number":
        return number(text)
    try:
        body = unquote(text)
    except ValueError:
        return None
    if kind == "char":
        return ord(body) if len(body) == 1 else None
    return body


def number(text: str) -> int | float | None:
    """A Go number: decimal, hex, octal (also by a leading 0), binary, float."""
    plain = text.lstrip("+-")
    try:
        if len(plain) > 1 and plain[0] == "0" and plain.isdigit():
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None


def unquote(text: str) -> str:
    """The characters of a quoted constant.

    Raises:
        ValueError: an escape that Go does not know.
    """
    body, found, here = text[1:-1], [], 0
    while here < len(body):
        character = body[here]
        if character != "\\":
            found.append(character)
            here += 1
            continue
        letter = body[here + 1]
        here += 2
        if letter in _ESCAPES:
            found.append(_ESCAPES[letter])
        elif letter in _WIDTHS:
            found.append(chr(int(body[here : here + _WIDTHS[letter]], 16)))
            here += _WIDTHS[letter]
        elif letter.isdigit():
            found.append(chr(int(body[here - 1 : here + 2], 8)))
            here += 2
        else:
            raise ValueError(f"unknown escape \\{letter}")
    return "".join(found)
