"""Patterns for paths: Go's `filepath.Match`, and the same with `**` as `.dockerignore`, --exclude and --parents know it.

    *        a run of characters but "/"          ?        one character but "/"
    [a-z^]   one out of a set, [^…] one that is not   \\x       x itself
    **       any number of folders; at the end everything below

Source: Go's path/filepath; moby's patternmatcher.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from gorae.dockerfile.automaton import Tape, run, step
from gorae.errors import SyntaxFault

MAX_PATTERN = 8 * 1024
REGEX_RUNS = 2
"""Patterns with more runs than these are matched by the automaton: a regex would try their combinations."""

BAD_PATTERN = "syntax error in pattern"


@dataclass(frozen=True, slots=True)
class Set:
    """`[…]`: pairs of first and last character."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def has(self, char: str) -> bool:
        """Whether the character is meant."""
        return any(low <= char <= high for low, high in self.ranges) is not self.negated

    def regex(self) -> str:
        """As `re` writes it; a range that is empty matches nothing."""
        body = "".join(
            f"{_in_set(low)}-{_in_set(high)}" for low, high in self.ranges if low <= high
        )
        if not body:
            return r"[\s\S]" if self.negated else r"[^\s\S]"
        return f"[{'^' if self.negated else ''}{body}]"


@dataclass(frozen=True, slots=True)
class Wild:
    """A wildcard; `regex` is its form for `re`, `is_run` whether its length varies."""

    regex: str
    is_run: bool = True


ONE = Wild("[^/]", is_run=False)
RUN = Wild("[^/]*")
FOLDERS = Wild("(?:.*/)?")
REST = Wild(".*")
Element = str | Set | Wild


@dataclass(frozen=True)
class Glob:
    """A compiled pattern."""

    elements: tuple[Element, ...]

    @property
    def literal(self) -> str | None:
        """The one text that matches, if the pattern has no wildcard."""
        if all(isinstance(one, str) for one in self.elements):
            return "".join(one for one in self.elements if isinstance(one, str))
        return None

    @property
    def prefix(self) -> str:
        """The text before the first wildcard."""
        text = ""
        for one in self.elements:
            if not isinstance(one, str):
                break
            text += one
        return text

    @property
    def regex(self) -> str | None:
        """The pattern for `re.fullmatch`, or None when only the automaton is safe."""
        runs = sum(isinstance(one, Wild) and one.is_run for one in self.elements)
        if runs > REGEX_RUNS:
            return None
        return "".join(
            re.escape(one)
            if isinstance(one, str)
            else (one.regex() if isinstance(one, Set) else one.regex)
            for one in self.elements
        )

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        compiled = self._compiled
        return self._automaton(text) if compiled is None else compiled.fullmatch(text) is not None

    @cached_property
    def _compiled(self) -> re.Pattern[str] | None:
        return None if self.regex is None else re.compile(self.regex)

    def _automaton(self, text: str) -> bool:
        tape = Tape(text)
        slashes, inner = tape.where("/"), tape.all & ~tape.where("\n")
        names = tape.all & ~slashes
        state = 1
        for one in self.elements:
            if isinstance(one, str):
                state = step(state, tape.where(one))
            elif isinstance(one, Set):
                state = step(state, tape.where_true(one.has))
            elif one is ONE:
                state = step(state, names)
            elif one is RUN:
                state = run(state, names)
            elif one is REST:
                state = run(state, inner)
            else:
                state |= step(run(state, inner), slashes)
            if not state:
                return False
        return bool(state >> len(text) & 1)


def compile_match(pattern: str) -> Glob:
    """A pattern of `filepath.Match`. Raises: SyntaxFault: a set or an escape that does not end."""
    return Glob(tuple(_elements(pattern, deep=False)))


def compile_deep(pattern: str) -> Glob:
    """A cleaned pattern in which `**` crosses folders. Raises: SyntaxFault."""
    elements = _elements(pattern, deep=True)
    if (
        elements[:1] == [FOLDERS]
        and not pattern.startswith("**/")
        and all(isinstance(one, str) for one in elements[1:])
    ):
        elements[0] = REST  # `**name` is the end of any path
    return Glob(tuple(elements))


def has_wildcards(text: str) -> bool:
    """Whether one of `*?[` stands in it without an escape."""
    return re.search(r"[*?[]", re.sub(r"\\.", "", text, flags=re.DOTALL)) is not None


def _elements(pattern: str, *, deep: bool) -> list[Element]:
    if len(pattern) > MAX_PATTERN:
        raise SyntaxFault(f"a pattern of {len(pattern)} characters, the most are {MAX_PATTERN}")
    found: list[Element] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            wild = RUN
            if deep and pattern[at : at + 1] == "*":
                at += 1 + pattern.startswith("/", at + 1)
                wild = REST if at >= len(pattern) else FOLDERS
            if found[-1:] != [wild]:
                found.append(wild)
        elif char == "?":
            found.append(ONE)
        elif char == "[":
            members, at = _set(pattern, at)
            found.append(members)
        elif char == "\\":
            if at == len(pattern):
                raise SyntaxFault(BAD_PATTERN)
            found.append(pattern[at])
            at += 1
        else:
            found.append(char)
    return found


def _set(pattern: str, at: int) -> tuple[Set, int]:
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _member(pattern, at + 1)
        ranges.append((low, high))
    return Set(tuple(ranges), negated), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at : at + 1]
    if char == "\\":
        at += 1
        char = pattern[at : at + 1]
    elif char in ("-", "]"):
        char = ""
    if not char or at + 1 >= len(pattern):
        raise SyntaxFault(BAD_PATTERN)
    return char, at + 1


def _in_set(char: str) -> str:
    return "\\" + char if char in "\\]^[-&~|" else char
