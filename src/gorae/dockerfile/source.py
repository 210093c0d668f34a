"""The text of a Dockerfile: bytes to lines, places, parser directives. Bytes that are not UTF-8 survive.

Lines keep their ends: a heredoc's content is taken as it stands. Text is decoded with `surrogateescape`, so that
encoding it the same way gives the bytes back.
Source: Dockerfile reference, "Parser directives"; BuildKit's parser for what it does not say.
"""

import re
from dataclasses import dataclass

from gorae.dockerfile.blank import BLANKS
from gorae.errors import SyntaxFault

MAX_BYTES = 16 * 1024 * 1024
MAX_LINE = 64 * 1024 - 1
"""Bytes of one line without its end: BuildKit's limit too."""
MAX_INSTRUCTIONS = 20_000
MAX_HEREDOCS = 100
"""On one instruction."""

DIRECTIVES = ("syntax", "escape", "check")
_BOM = b"\xef\xbb\xbf"
_DIRECTIVE = re.compile(
    r"([a-zA-Z][a-zA-Z0-9]*)[ \t\n\f\r]*=[ \t\n\f\r]*(.+?)[ \t\n\f\r]*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Location:
    """The lines of an instruction, from 1, both included."""

    source: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Directive:
    """`# name=value` at the top."""

    name: str
    value: str
    line: int


class DirectiveReader:
    """Reads directives while they last: fed with line after line, each without leading blanks and end.

    The first line that is no directive ends them, a comment with an unknown name too.
    """

    def __init__(self, prefix: str = "#", *, first_line: int = 1) -> None:
        self._prefix = prefix
        self._line = first_line - 1
        self._seen: set[str] = set()
        self.done = False

    def read(self, line: str) -> Directive | None:
        """Raises: SyntaxFault: the same directive twice."""
        self._line += 1
        if self.done:
            return None
        found = None
        if line.startswith(self._prefix):
            found = _DIRECTIVE.fullmatch(line[len(self._prefix) :].lstrip(BLANKS))
        name = found[1].lower() if found else ""
        if found is None or name not in DIRECTIVES:
            self.done = True
            return None
        if name in self._seen:
            raise SyntaxFault(f"only one {name} parser directive can be used", line=self._line)
        self._seen.add(name)
        return Directive(name, found[2], self._line)


def lines_of(text: bytes, name: str) -> list[str]:
    """The lines with their ends, without a byte order mark.

    Raises:
        SyntaxFault: empty, too large, or a line is too long.
    """
    if not text:
        raise SyntaxFault("the Dockerfile cannot be empty", source=name, line=1)
    if len(text) > MAX_BYTES:
        raise SyntaxFault(
            f"the Dockerfile has {len(text)} bytes, the most are {MAX_BYTES}", source=name, line=1
        )
    lines = text.removeprefix(_BOM).split(b"\n")
    last = lines.pop()
    lines = [line + b"\n" for line in lines]
    if last:
        lines.append(last)
    for number, line in enumerate(lines, 1):
        if len(line) - line.endswith(b"\n") > MAX_LINE:
            raise SyntaxFault(
                f"dockerfile line greater than max allowed size of {MAX_LINE}",
                source=name,
                line=number,
            )
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def shown(text: str) -> str:
    """A text for people: bytes that are not UTF-8 as "\ufffd"."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def directive(text: bytes, name: str) -> Directive | None:
    """The value of a directive, also below a `#!` line, where the instructions' parser no longer looks."""
    body = text.removeprefix(_BOM)
    first = 1
    if body.startswith(b"#!"):
        body, first = body.partition(b"\n")[2], 2
    reader = DirectiveReader(first_line=first)
    for line in body.split(b"\n")[: len(DIRECTIVES) + 1]:
        try:
            found = reader.read(line.decode("utf-8", "surrogateescape").removesuffix("\r"))
        except SyntaxFault:
            return None
        if found is not None and found.name == name:
            return found
        if reader.done:
            return None
    return None
