"""Which display a build gets: `--progress auto|plain|tty|rawjson|quiet|none`."""

from __future__ import annotations

import time

from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from gorae.cli.builder.board import Board
    from gorae.cli.console import Output

    class Display(Protocol):
        """Shows the documents of a build."""

        board: Board

        def feed(self, document: dict[str, Any]) -> None: ...
        def tick(self) -> None: ...
        def close(self) -> None: ...


KINDS = ("auto", "none", "plain", "quiet", "rawjson", "tty")


class QuietDisplay:
    """Shows nothing and remembers what a failure needs."""

    def __init__(self) -> None:
        from gorae.cli.builder.board import Board

        self.board = Board()

    def feed(self, document: dict[str, Any]) -> None:
        """Take one document."""
        self.board.update(document)

    def tick(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class RawDisplay(QuietDisplay):
    """The documents as they come, a line each."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def feed(self, document: dict[str, Any]) -> None:
        """Write one document."""
        super().feed(document)
        self._output.line(jsontext.encode(document))
        self._output.flush()


def choose(kind: str, output: Output, title: str, *, explain: bool) -> Display:
    """The display of that kind on `output` (standard error).

    Raises:
        InvalidArgument: no such kind, or `tty` where there is none.
    """
    if kind not in KINDS:
        raise InvalidArgument(f"invalid progress type {kind}: it is one of {', '.join(KINDS)}")
    if kind == "tty" and not output.is_terminal:
        raise InvalidArgument("failed to get console: standard error is not a terminal")
    if kind in ("quiet", "none"):
        return QuietDisplay()
    if kind == "rawjson":
        return RawDisplay(output)
    if kind == "plain" or not output.is_terminal:
        from gorae.cli.builder.plain import PlainDisplay

        return PlainDisplay(output, time.time_ns, title, explain=explain)
    from gorae.cli import terminal
    from gorae.cli.builder.tty import TtyDisplay

    return TtyDisplay(
        output, time.time_ns, lambda: terminal.size(output.descriptor), title, explain=explain
    )
