"""A build's progress in place on a terminal: every step one line, the running ones with the end of their log."""

from __future__ import annotations

from gorae.cli.builder.board import Board, Vertex, end_partial
from gorae.cli.builder.plain import status_text, why_lines
from gorae.cli.units import ellipsis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.console import Output

LOG_LINES = 6
_UP, _CLEAR_BELOW, _HIDE, _SHOW = "\x1b[{}A", "\x1b[J", "\x1b[?25l", "\x1b[?25h"
_BLUE, _RED, _YELLOW, _FAINT, _PLAIN = "\x1b[34m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class TtyDisplay:
    """Redraws the whole board. `size()` gives (rows, columns) of the terminal."""

    def __init__(
        self,
        output: Output,
        now_ns: Callable[[], int],
        size: Callable[[], tuple[int, int]],
        title: str = "",
        *,
        explain: bool = False,
    ) -> None:
        self.board = Board()
        self._output = output
        self._now_ns = now_ns
        self._size = size
        self._title = title
        self._explain = explain
        self._drawn = 0
        self._began_ns = now_ns()

    def feed(self, document: dict[str, Any]) -> None:
        """Take one document and draw."""
        self.board.update(document)
        self._draw(ended=False)

    def tick(self) -> None:
        """Draw again: clocks run on."""
        self._draw(ended=False)

    def close(self) -> None:
        """The last picture, whole, left on the screen."""
        for vertex in self.board.vertices.values():
            end_partial(vertex)
        self._draw(ended=True)

    def _draw(self, *, ended: bool) -> None:
        rows, columns = self._size()
        lines = self.picture(columns or 80, ended=ended)
        if not ended and rows:
            lines = fitted(lines, max(rows - 1, 2))
        up = _UP.format(self._drawn) if self._drawn else ""
        self._output.write(f"{_HIDE}{up}\r{_CLEAR_BELOW}" + "".join(f"{one}\n" for one in lines))
        self._output.write(_SHOW)
        self._output.flush()
        self._drawn = len(lines)

    def picture(self, columns: int, *, ended: bool) -> list[str]:
        """All lines, none wider than the terminal."""
        now_ns = self._now_ns()
        done, total = self.board.counts()
        state = "FINISHED" if ended and done == total else f"({done}/{total})"
        spent = (now_ns - self._began_ns) / 1e9
        head = f"[+] Building {spent:.1f}s {state}"
        lines = [_spread(head, self._title, columns)]
        for vertex in self.board.vertices.values():
            if vertex.started_ns:
                lines += self._vertex_lines(vertex, columns, now_ns)
        return lines

    def _vertex_lines(self, vertex: Vertex, columns: int, now_ns: int) -> list[str]:
        colour, name = _BLUE, vertex.name
        if vertex.error:
            canceled = "context canceled" in vertex.error
            colour, name = (_YELLOW, f"CANCELED {name}") if canceled else (_RED, f"ERROR {name}")
        elif vertex.cached:
            name = f"CACHED {name}"
        elif vertex.is_open:
            colour = ""
        lines = [_row(" => ", name, f"{vertex.seconds(now_ns):.1f}s", columns, colour)]
        for identifier, status in vertex.statuses.items():
            seconds = (status.completed_ns or now_ns) - (status.started_ns or now_ns)
            text = status_text(vertex, identifier).removesuffix(" done")
            if status.completed_ns:
                text = identifier
            row = _row(" => => ", text, f"{max(seconds, 0) / 1e9:.1f}s", columns, colour)
            lines.append(row)
        if self._explain and not vertex.is_open:
            lines += [_faint(f" => => # {line}", columns) for line in why_lines(vertex)]
        if vertex.is_open:
            tail = vertex.last_lines[-LOG_LINES:]
            lines += [_faint(f" => => # {line.partition(' ')[2]}", columns) for line in tail]
        return lines


def fitted(lines: list[str], rows: int) -> list[str]:
    """The head and the newest lines, as many as the terminal has room for."""
    return lines if len(lines) <= rows else [lines[0], *lines[len(lines) - rows + 1 :]]


def _spread(left: str, right: str, columns: int) -> str:
    gap = columns - len(left) - len(right)
    return f"{left}{' ' * gap}{right}" if right and gap > 0 else ellipsis(left, columns)


def _row(mark: str, text: str, right: str, columns: int, colour: str) -> str:
    room = max(columns - len(mark) - len(right) - 1, 4)
    line = f"{mark}{ellipsis(text, room):<{room}} {right}"
    return f"{colour}{line}{_PLAIN}" if colour else line


def _faint(text: str, columns: int) -> str:
    return f"{_FAINT}{ellipsis(text.expandtabs(), columns)}{_PLAIN}"
