"""Patterns of `${name#pattern}` and its kin: `*` any run, `?` one character, neither a line's end.

The positions that a match can have reached in the value are the bits of one integer, so that each element of
the pattern costs one pass over the value whatever it holds: no pattern makes this slow.
Source: POSIX shell, 2.14.1, without brackets; `\\` takes the meaning from `*`, `?` and itself.
"""

import re

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
    ends = _Matcher(value).ends(_elements(pattern, value), 1)
    return value[_position(ends, last=longest) :] if ends else value


def remove_tail(value: str, pattern: str, *, longest: bool) -> str:
    """The value without the shortest or longest tail that matches. Raises: SyntaxFault."""
    turned = value[::-1]
    ends = _Matcher(turned).ends(_elements(pattern, value)[::-1], 1)
    return turned[_position(ends, last=longest) :][::-1] if ends else value


def replace_match(value: str, pattern: str, new: str, *, everywhere: bool) -> str:
    """The first or each match replaced, from the left, each as long as can be.

    Where all are replaced, `$0` in `new` is the match and other `$names` are nothing, as in BuildKit.

    Raises:
        SyntaxFault: an escape of something that needs none, or too large.
    """
    elements = _elements(pattern, value)
    starts = _starts(value, elements)
    matcher = _Matcher(value)
    parts: list[str] = []
    done, at = 0, 0
    while starts >> at:
        start = at + _position(starts >> at, last=False)
        end = start + len(elements)
        if _RUN in elements:
            end = _position(matcher.ends(elements, 1 << start), last=True)
        at = max(end, start + 1)
        if start == end == done and parts:
            continue  # an empty match right behind another does not count
        parts += [value[done:start], _filled(new, value[start:end]) if everywhere else new]
        done = end
        if not everywhere:
            break
    return "".join(parts) + value[done:]


class _Matcher:
    """Runs patterns over one value. Bit `n` of a state: a match can end before character `n`."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._masks: dict[str, int] = {}
        self._inner = ((1 << len(value)) - 1) & ~self._mask("\n")

    def ends(self, elements: Elements, state: int) -> int:
        """The positions where a match that begins at a bit of `state` can end."""
        for element in elements:
            if element == _RUN:
                state = ((self._inner + (state & self._inner)) ^ self._inner) | state
            elif element == _ANY:
                state = (state & self._inner) << 1
            else:
                state = (state & self._mask(element)) << 1
            if not state:
                break
        return state

    def _mask(self, char: str) -> int:
        mask = self._masks.get(char)
        if mask is None:
            bits = "".join("1" if one == char else "0" for one in reversed(self._value))
            mask = self._masks[char] = int(bits or "0", 2)
        return mask


def _starts(value: str, elements: Elements) -> int:
    """The positions where some match begins: where one of the turned pattern ends in the turned value."""
    size = len(value) + 1
    found = _Matcher(value[::-1]).ends(elements[::-1], (1 << size) - 1)
    return int(format(found, f"0{size}b")[::-1], 2)


def _position(bits: int, *, last: bool) -> int:
    return (bits if last else bits & -bits).bit_length() - 1


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
