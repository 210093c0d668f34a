"""Matching with wildcards in bounded time: all positions that a match can have reached, as the bits of one integer.

Bit `n` of a state: a match can stand before character `n`. An element of a pattern takes a state to the next, in
one pass over the value whatever it holds, so that no pattern is slow.
"""

from collections.abc import Callable


class Tape:
    """One value to match on."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._masks: dict[str, int] = {}
        self.all = (1 << len(value)) - 1
        """A bit for each character."""

    def where(self, char: str) -> int:
        """The positions of a character."""
        mask = self._masks.get(char)
        if mask is None:
            mask = self._masks[char] = self.where_true(char.__eq__)
        return mask

    def where_true(self, is_member: Callable[[str], object]) -> int:
        """The positions of the characters that belong to a set."""
        bits = "".join("1" if is_member(one) is True else "0" for one in reversed(self._value))
        return int(bits or "0", 2)


def step(state: int, members: int) -> int:
    """One character out of `members`."""
    return (state & members) << 1


def run(state: int, members: int) -> int:
    """Any number of characters out of `members`: the carry of an addition walks through each run of ones."""
    return ((members + (state & members)) ^ members) | state


def reversed_bits(state: int, size: int) -> int:
    """The same state seen from the value's other end; `size` is its number of positions."""
    return int(format(state, f"0{size}b")[::-1], 2)


def first(state: int) -> int:
    """The leftmost position of a state that has one."""
    return (state & -state).bit_length() - 1


def last(state: int) -> int:
    """The rightmost position."""
    return state.bit_length() - 1
