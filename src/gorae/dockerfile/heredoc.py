"""Heredocs: the words `<<NAME`, `<<-NAME` and `<<"NAME"` of a line, and what stands below it.

<<NAME      content as it stands; COPY and ADD expand variables in it
<<"NAME"    quoted, also in part: nothing is expanded
<<-NAME     tabs at the beginning of lines are taken away (*chomp*)
3<<NAME     for file descriptor 3 of the shell
"""

import re
from dataclasses import dataclass

from gorae.dockerfile.shell import Shell
from gorae.errors import SyntaxFault

_WORD = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)")
MAX_FD_DIGITS = 9
_TABS = re.compile(r"^\t+", re.MULTILINE)
_IN_LINE = Shell("\\", raw_quotes=True, raw_escapes=True, keep_unset=True)
_PLAIN = Shell("\\", keep_unset=True)
_QUOTED = Shell("\\", raw_quotes=True, keep_unset=True)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`content` is as it stands in the file, with the end of its last line; `chomped()` is what is meant."""

    name: str
    content: str
    expand: bool
    chomp: bool
    fd: int = 0

    def chomped(self) -> str:
        """The content, for `<<-` without leading tabs."""
        return without_tabs(self.content) if self.chomp else self.content


def heredoc_of(word: str) -> Heredoc | None:
    """The heredoc that a word announces, without its content; None for any other word.

    Raises:
        SyntaxFault: a quote that does not end.
    """
    found = _WORD.fullmatch(word)
    if found is None or not found[3]:
        return None
    names = _PLAIN.words(found[3], {})
    raw = _QUOTED.words(found[3], {})
    if len(names) != 1:
        return None
    if len(raw) != 1:
        raise SyntaxFault(f"the name of a heredoc is not one word: {found[3]}")
    expand = _quotes(names[0]) == _quotes(raw[0])
    fd = int(found[1]) if 0 < len(found[1]) <= MAX_FD_DIGITS else 0
    return Heredoc(names[0], "", expand, bool(found[2]), fd)


def announced_in(line: str) -> list[Heredoc]:
    """The heredocs of an instruction's line, in order. A line whose quotes do not end has none."""
    try:
        words = _IN_LINE.words(line, {})
    except SyntaxFault:
        return []
    return [found for word in words if (found := heredoc_of(word)) is not None]


def without_tabs(text: str) -> str:
    """Each line without its leading tabs."""
    return _TABS.sub("", text)


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')
