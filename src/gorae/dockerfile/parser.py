"""Bytes of a Dockerfile to its syntax tree: one node for each instruction, in order.

    line        := what is typed, comments and empty continuation lines left out, continuations joined
    heredocs    := the lines below an ADD, COPY or RUN that announces them, up to their name alone on a line

The tree knows lines, flags and arguments as written; what they mean is `instruction`'s. Any bytes either parse
or raise one `SyntaxFault` with a line, in time proportional to their number.
"""

import re
from dataclasses import dataclass, field, replace

from gorae.dockerfile.arguments import Arguments, arguments_of, split_line
from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.heredoc import Heredoc, announced_in
from gorae.dockerfile.source import (
    MAX_HEREDOCS,
    MAX_INSTRUCTIONS,
    Directive,
    DirectiveReader,
    Location,
    lines_of,
    shown,
)
from gorae.errors import SyntaxFault

DEFAULT_ESCAPE = "\\"
MAX_JOINED = 4 * 1024 * 1024
"""Characters of one instruction with its continuation lines."""
_WITH_HEREDOC = ("ADD", "COPY", "RUN")
_ONBUILD = re.compile(rf"^[{BLANKS}]*ONBUILD[{BLANKS}]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Node:
    """One instruction as written. `keyword` has the case as typed, `original` is the joined line."""

    keyword: str
    flags: tuple[str, ...]
    rest: str
    arguments: Arguments
    original: str
    location: Location
    heredocs: tuple[Heredoc, ...] = ()
    comments: tuple[str, ...] = ()
    """The comment lines right above, without `#`."""
    child: "Node | None" = None
    """The instruction of an ONBUILD."""


@dataclass(frozen=True, slots=True)
class Ast:
    """A parsed file: the nodes, the directives, the lines for showing places, and where continuations are empty."""

    name: str
    nodes: tuple[Node, ...]
    escape: str
    directives: dict[str, Directive]
    lines: tuple[str, ...]
    text: bytes
    empty_continuations: tuple[int, ...] = ()
    """The last line of each instruction that has an empty continuation line."""


@dataclass(slots=True)
class _State:
    """Where the reading stands; `at` counts the lines that were taken."""

    name: str
    lines: list[str]
    at: int = 0
    escape: str = DEFAULT_ESCAPE
    directives: dict[str, Directive] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)

    def place(self, start: int) -> Location:
        return Location(self.name, start, max(start, self.at))


def parse(text: bytes, name: str) -> Ast:
    """Raises: SyntaxFault: with BuildKit's sentence and the line."""
    state = _State(name, lines_of(text, name))
    reader = DirectiveReader()
    nodes: list[Node] = []
    while state.at < len(state.lines):
        try:
            node = _next_node(state, reader)
        except SyntaxFault as fault:
            line = fault.line or max(state.at, 1)
            raise SyntaxFault(shown(fault.message), source=name, line=line) from None
        if node is not None:
            nodes.append(node)
        if len(nodes) > MAX_INSTRUCTIONS:
            raise SyntaxFault(
                f"more than {MAX_INSTRUCTIONS} instructions", source=name, line=state.at
            )
    if not nodes:
        raise SyntaxFault("file with no instructions", source=name, line=max(state.at, 1))
    return Ast(
        name,
        tuple(nodes),
        state.escape,
        state.directives,
        tuple(line.rstrip("\r\n") for line in state.lines),
        text,
        tuple(state.empty),
    )


def _next_node(state: _State, reader: DirectiveReader) -> Node | None:
    """The instruction that begins at the next line; None for a line without one."""
    line = state.lines[state.at].rstrip("\r\n").lstrip(BLANKS)
    state.at += 1
    start = state.at
    directive = reader.read(line)
    if directive is not None:
        _take_directive(state, directive)
        return None
    if line.startswith("#"):
        comment = line[1:].strip(BLANKS)
        state.comments = [*state.comments, comment] if comment else []
        return None
    if not line:
        return None
    joined = _joined(state, line)
    try:
        node = _node(joined, state, start)
    except SyntaxFault as fault:
        raise SyntaxFault(fault.message, line=start) from None
    state.comments = []
    return node


def _take_directive(state: _State, directive: Directive) -> None:
    state.directives[directive.name] = directive
    if directive.name == "escape":
        if directive.value not in ("\\", "`"):
            raise SyntaxFault(
                f"invalid escape token '{directive.value}' does not match ` or \\",
                line=directive.line,
            )
        state.escape = directive.value


def _joined(state: _State, line: str) -> str:
    """The line with those that continue it. Leading blanks of the latter stay."""
    parts: list[str] = []
    length, has_empty = 0, False
    part, goes_on = _cut_continuation(line, state.escape)
    parts.append(part)
    while goes_on and state.at < len(state.lines):
        line = state.lines[state.at].rstrip("\r\n")
        state.at += 1
        bare = line.lstrip(BLANKS)
        if not bare or bare.startswith("#"):
            has_empty = has_empty or not bare
            continue
        part, goes_on = _cut_continuation(line, state.escape)
        parts.append(part)
        length += len(part)
        if length > MAX_JOINED:
            raise SyntaxFault(f"an instruction of more than {MAX_JOINED} characters")
    if has_empty:
        state.empty.append(state.at)
    return "".join(parts)


def _cut_continuation(line: str, escape: str) -> tuple[str, bool]:
    """Without the escape character at its end, if one stands there that is not escaped itself."""
    bare = line.rstrip(" \t")
    if bare.endswith(escape) and not bare.endswith(escape * 2):
        return bare[:-1], True
    return line, False


def _node(line: str, state: _State, start: int) -> Node:
    node = _instruction_node(line, state, start, depth=0)
    inner = node.child if node.child is not None else node
    heredocs: list[Heredoc] = []
    if (
        "<<" in line
        and inner.keyword.upper() in _WITH_HEREDOC
        and (node.child is None or node.keyword.upper() == "ONBUILD")
        and not inner.arguments.is_json
    ):
        announced = announced_in(line)
        if len(announced) > MAX_HEREDOCS:
            raise SyntaxFault(f"{len(announced)} heredocs, the most are {MAX_HEREDOCS}")
        heredocs = [_with_content(one, state) for one in announced]
    return replace(node, heredocs=tuple(heredocs), location=state.place(start))


def _instruction_node(line: str, state: _State, start: int, *, depth: int) -> Node:
    keyword, flags, rest = split_line(line, state.escape)
    child = None
    if keyword.upper() == "ONBUILD" and rest and depth < 2:
        child = _instruction_node(rest, state, start, depth=depth + 1)
    return Node(
        keyword,
        flags,
        rest,
        arguments_of(keyword, rest, state.escape),
        line,
        state.place(start),
        comments=tuple(state.comments),
        child=child,
    )


def _with_content(heredoc: Heredoc, state: _State) -> Heredoc:
    content: list[str] = []
    while state.at < len(state.lines):
        line = state.lines[state.at]
        state.at += 1
        bare = line.rstrip("\r\n")
        if (bare.lstrip("\t") if heredoc.chomp else bare) == heredoc.name:
            return replace(heredoc, content="".join(content))
        content.append(line)
    raise SyntaxFault("unterminated heredoc")


def onbuild_expression(node: Node) -> str:
    """The text of an ONBUILD's trigger as the image keeps it, heredocs included."""
    expression = _ONBUILD.sub("", node.original)
    return expression + "".join(f"\n{one.content}{one.name}" for one in node.heredocs)
