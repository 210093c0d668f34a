"""A build's progress as plain lines, one step at a time: `#5 [2/3] RUN ...`, in BuildKit's form."""

from __future__ import annotations

from gorae.cli.builder.board import Board, Vertex, end_partial
from gorae.cli.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.console import Output

SWITCH_AFTER_NS = 2 * 10**9


class PlainDisplay:
    """Writes what changed. A step stays in front until it ends, or is silent while another speaks."""

    def __init__(
        self, output: Output, now_ns: Callable[[], int], title: str = "", *, explain: bool = False
    ) -> None:
        self.board = Board()
        self._output = output
        self._now_ns = now_ns
        self._explain = explain
        self._current: Vertex | None = None
        self._spoke_ns = 0
        self._indices = 0
        self._is_first = True
        if title:
            output.line(f"#0 {title}")
            self._is_first = False

    def feed(self, document: dict[str, Any]) -> None:
        """Show one document."""
        self.board.update(document)
        self._print()
        self._output.flush()

    def tick(self) -> None:
        """Time has passed: nothing changes in plain lines."""

    def close(self) -> None:
        """The stream is over: what is still waiting is written."""
        for vertex in self.board.vertices.values():
            if vertex.changed and vertex.started_ns:
                self._print_vertex(vertex)
        self._output.flush()

    def _print(self) -> None:
        waiting = [v for v in self.board.vertices.values() if v.changed and v.started_ns]
        current = self._current
        ended = [v for v in waiting if not v.is_open]
        for vertex in sorted(ended, key=lambda v: v is not current):
            self._print_vertex(vertex)
        speaking = [v for v in waiting if v.is_open]
        if current is not None and current in speaking:
            self._print_vertex(current)
            return
        if not speaking:
            return
        if self._current is not None and self._now_ns() - self._spoke_ns < SWITCH_AFTER_NS:
            return
        self._print_vertex(speaking[0])

    def _print_vertex(self, vertex: Vertex) -> None:
        self._put_in_front(vertex)
        mark = f"#{vertex.index}"
        for identifier in vertex.updates:
            self._output.line(f"{mark} {status_text(vertex, identifier)}")
        for text in vertex.warnings:
            self._output.line(f"{mark} WARN: {text}")
        if not vertex.is_open:
            end_partial(vertex)
        for line in vertex.fresh:
            self._output.line(f"{mark} {line}")
        vertex.updates, vertex.warnings, vertex.fresh = [], [], []
        vertex.changed = False
        self._spoke_ns = self._now_ns()
        if not vertex.is_open:
            if self._explain:
                for line in why_lines(vertex):
                    self._output.line(f"{mark} {line}")
            self._output.line(f"{mark} {ending(vertex)}")
            self._current = None

    def _put_in_front(self, vertex: Vertex) -> None:
        if not vertex.index:
            self._indices += 1
            vertex.index = self._indices
        if vertex is self._current:
            return
        if self._current is not None:
            self._output.line(f"#{self._current.index} ...")
        if not self._is_first:
            self._output.line("")
        self._is_first = False
        self._output.line(f"#{vertex.index} {vertex.name}")
        self._current = vertex


def ending(vertex: Vertex) -> str:
    """How a step ended."""
    if vertex.error:
        return "CANCELED" if "context canceled" in vertex.error else f"ERROR: {vertex.error}"
    return "CACHED" if vertex.cached else f"DONE {vertex.seconds(0):.1f}s"


def status_text(vertex: Vertex, identifier: str) -> str:
    """`exporting layers 0.1s done`."""
    status = vertex.statuses[identifier]
    text = identifier
    if status.total:
        text += f" {human_size(status.current)} / {human_size(status.total)}"
    elif status.current:
        text += f" {human_size(status.current)}"
    end_ns = status.completed_ns or status.timestamp_ns
    if status.started_ns and end_ns - status.started_ns > 10**7:
        text += f" {(end_ns - status.started_ns) / 1e9:.1f}s"
    return f"{text} done" if status.completed_ns else text


def why_lines(vertex: Vertex) -> list[str]:
    """What `--explain` says of a step: why it ran, or that it did not have to."""
    lines = [str(one) for one in vertex.why.get("lines") or ()]
    if not lines:
        return []
    return [f"why: {lines[0]}", *(f"     {line}" for line in lines[1:])]
