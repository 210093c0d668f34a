"""Environment files: `NAME=VALUE` lines with quotes, comments, `export` and variables. Pure.

Source: compose specification and the documentation of docker compose's `.env` syntax.
"""

from __future__ import annotations

from gorae.compose.interpolation import expand
from gorae.errors import SyntaxFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$$"}


def parse(
    text: str, name: str, environment: Mapping[str, str], *, raw: bool = False
) -> dict[str, str | None]:
    """The variables in order; None where a name stands alone.

    Args:
        raw: `format: raw`: everything behind `=` is the value, as it stands.

    Raises:
        SyntaxFault: a line that is none, with its number.
    """
    found: dict[str, str | None] = {}
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    position = 0
    while position < len(lines):
        number, line = position + 1, lines[position].strip()
        position += 1
        if not line or line.startswith("#"):
            continue
        line = line.removeprefix("export ").lstrip()
        key, equals, value = line.partition("=")
        key = key.strip()
        if not key or any(character in key for character in " \t\"'$"):
            raise SyntaxFault(
                f"{name}: line {number}: wanted NAME=VALUE, found {line!r}",
                source=name,
                line=number,
            )
        if not equals:
            found[key] = None
            continue
        if raw:
            found[key] = value
            continue
        value = value.lstrip()
        if value[:1] in ("'", '"'):
            value, position = _quoted(value, lines, position, name, number)
            if value[:1] == "'":
                found[key] = value[1:]
                continue
            value = value[1:]
        else:
            value = _bare(value)
        known = {**environment, **{k: v for k, v in found.items() if v is not None}}
        found[key] = expand(value, known, lambda _: None)
    return found


def _bare(value: str) -> str:
    """Up to a comment that follows white space."""
    for mark in (" #", "\t#"):
        value = value.partition(mark)[0]
    return "" if value.startswith("#") else value.rstrip()


def _quoted(value: str, lines: list[str], position: int, name: str, number: int) -> tuple[str, int]:
    """The quote's kind and its inside, which may go over lines; where to read on."""
    quote, rest = value[0], value[1:]
    inside: list[str] = []
    while True:
        index = 0
        while index < len(rest):
            character = rest[index]
            if quote == '"' and character == "\\" and index + 1 < len(rest):
                inside.append(_ESCAPES.get(rest[index + 1], f"\\{rest[index + 1]}"))
                index += 2
                continue
            if character == quote:
                return quote + "".join(inside), position
            inside.append(character)
            index += 1
        if position >= len(lines):
            raise SyntaxFault(
                f"{name}: line {number}: a quote is not closed", source=name, line=number
            )
        inside.append("\n")
        rest = lines[position]
        position += 1
