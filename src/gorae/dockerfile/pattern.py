"""Patterns of `${name#pattern}` and its kin: `*` any run, `?` one character, neither a line's end.

No pattern makes this slow: see `automaton`.
Source: POSIX shell, 2.14.1, without brackets; `\\` takes the meaning from `*`, `?` and itself.
"""

import re

from gorae.dockerfile.automaton import Tape, first, last, reversed_bits, run, step
from gorae.errors import SyntaxFault

MAX_PATTERN = 4096
MAX_VALUE = 64 * 1024
"""Characters of a value that a pattern is tried on."""

_ANY = ""
_RUN = "run"
_TEMPLATE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)

Elements = tuple[str, ...]
"""Single characters, `_ANY` and `_RUN`."""


def remove_head(value: str, pattern: str, *, longest: bool) -> str:
    """The value without the shortest or longest head that matches. Raises: SyntaxFault."""
    ends = _ends(value, _elements(pattern, value), 1)
    return value[last(ends) if longest else first(ends) :] if ends else value


def remove_tail(value: str, pattern: str, *, longest: bool) -> str:
    """The value without the shortest or longest tail that matches. Raises: SyntaxFault."""
    turned = value[::-1]
    ends = _ends(turned, _elements(pattern, value)[::-1], 1)
    return turned[last(ends) if longest else first(ends) :][::-1] if ends else value


def replace_match(value: str, pattern: str, new: str, *, everywhere: bool) -> str:
    """The first or each match replaced, from the left, each as long as can be.

    Where all are replaced, `$0` in `new` is the match and other `$names` are nothing, as in BuildKit.

    Raises:
        SyntaxFault: an escape of something that needs none, or too large.
    """
    elements = _elements(pattern, value)
    starts = _starts(value, elements)
    tape = Tape(value)
    inner = tape.all & ~tape.where("\n")
    parts: list[str] = []
    done, at = 0, 0
    while starts >> at:
        start = at + first(starts >> at)
        end = start + len(elements)
        if _RUN in elements:
            end = last(_follow(tape, inner, elements, 1 << start))
        at = max(end, start + 1)
        if start == end == done and parts:
            continue  # an empty match right behind another does not count
        parts += [value[done:start], _filled(new, value[start:end]) if everywhere else new]
        done = end
        if not everywhere:
            break
    return "".join(parts) + value[done:]


def _ends(value: str, elements: Elements, state: int) -> int:
    """The positions where a match that begins at one of `state` can end."""
    tape = Tape(value)
    return _follow(tape, tape.all & ~tape.where("\n"), elements, state)


def _follow(tape: Tape, inner: int, elements: Elements, state: int) -> int:
    for element in elements:
        if element == _RUN:
            state = run(state, inner)
        elif element == _ANY:
            state = step(state, inner)
        else:
            state = step(state, tape.where(element))
        if not state:
            break
    return state


def _starts(value: str, elements: Elements) -> int:
    """The positions where some match begins: where one of the turned pattern ends in the turned value."""
    size = len(value) + 1
    found = _ends(value[::-1], elements[::-1], (1 << size) - 1)
    return reversed_bits(found, size)


def _elements(pattern: str, value: str) -> Elements:
    if len(pattern) > MAX_PATTERN or len(value) > MAX_VALUE:
        raise SyntaxFault(
            f"a pattern of {len(pattern)} characters on a value of {len(value)}: "
            f"the most are {MAX_PATTERN} and {MAX_VALUE}"
        )
    found: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            if found[-1:] != [_RUN]:
                found.append(_RUN)
        elif char == "?":
            found.append(_ANY)
        elif char == "\\" and pattern[at : at + 1] not in ("}", "/"):
            escaped = pattern[at : at + 1]
            if escaped not in ("*", "?", "\\"):
                raise SyntaxFault(
                    f"invalid pattern ({pattern}) in substitution: invalid escape '\\{escaped}'"
                )
            found.append(escaped)
            at += 1
        elif char != "\\":
            found.append(char)
    return tuple(found)


def _filled(new: str, match: str) -> str:
    return _TEMPLATE.sub(
        lambda found: "$" if found[1] else match if (found[2] or found[3]) == "0" else "", new
    )
