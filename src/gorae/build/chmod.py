"""`--chmod`: octal, or the symbolic form of chmod(1). Pure.

`u+rwX,go=r,a-w,g=u`: clauses of who, then operators with permissions; X is x for directories and for what anybody may
execute already; s and t are the set-id bits and the sticky bit. Source: POSIX chmod(1).
"""

import re
from dataclasses import dataclass

from gorae.errors import InvalidArgument

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION = re.compile(r"([-+=])([rwxXst]+|[ugo]|)")
_BITS = {"r": 0o4, "w": 0o2, "x": 0o1}
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_SET_ID = {"u": 0o4000, "g": 0o2000, "o": 0}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a mode. `octal`: the mode itself; else `clauses`: (who, ((operator, permissions), ...))."""

    octal: int | None = None
    clauses: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Change":
        """Raises: InvalidArgument: neither form."""
        if text and set(text) <= set("01234567"):
            value = int(text, 8)
            if value <= 0o7777:
                return cls(octal=value)
        elif text:
            found = [_CLAUSE.fullmatch(one) for one in text.split(",")]
            if all(found):
                return cls(
                    clauses=tuple(
                        (one[1] or "a", tuple(_ACTION.findall(one[2]))) for one in found if one
                    )
                )
        raise InvalidArgument(
            f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777"
        )

    def apply(self, mode: int, *, is_dir: bool) -> int:
        """The permission bits that a file of these bits gets."""
        if self.octal is not None:
            return self.octal
        for who, actions in self.clauses:
            for operator, permissions in actions:
                mode = _applied(mode, who, operator, permissions, is_dir)
        return mode


def _applied(mode: int, who: str, operator: str, permissions: str, is_dir: bool) -> int:
    users = "ugo" if "a" in who else who
    bits = clear = 0
    for user in users:
        shift = _SHIFTS[user]
        bits |= _permission_bits(mode, permissions, is_dir) << shift
        clear |= 0o7 << shift | _SET_ID[user]
        if "s" in permissions:
            bits |= _SET_ID[user]
    if "t" in permissions:
        bits |= 0o1000
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return mode & ~clear | bits


def _permission_bits(mode: int, permissions: str, is_dir: bool) -> int:
    if permissions in _SHIFTS:
        return mode >> _SHIFTS[permissions] & 0o7
    bits = 0
    for one in permissions:
        bits |= _BITS.get(one, 0)
        if one == "X" and (is_dir or mode & 0o111):
            bits |= 0o1
    return bits
