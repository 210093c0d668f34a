"""The state of a build, from the documents that the engine sends. Pure.

Shape of a document: BuildKit's SolveStatus, as `docker build --progress rawjson` prints it: `vertexes`, `statuses`,
`logs` (base64) and `warnings`, each optional. Moments are RFC 3339 texts there and nanoseconds here.
"""

from __future__ import annotations

import binascii

from gorae.cli import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_KEPT_LINES = 200


class Status:
    """A part of a step: `exporting layers`, `transferring context:`; sizes in bytes, 0 is unknown."""

    __slots__ = ("completed_ns", "current", "id", "started_ns", "timestamp_ns", "total")

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self.current = 0
        self.total = 0
        self.timestamp_ns = 0
        self.started_ns = 0
        self.completed_ns = 0


class Vertex:
    """One step.

    `updates`: statuses that changed and `fresh`: log lines that came since the display took them; `last_lines`: the
    end of its log, for a failure. `partial`: the last fresh line has no end yet.
    """

    __slots__ = (
        "cached", "changed", "completed_ns", "digest", "error", "fresh", "index", "last_lines", "name", "partial",
        "spans", "started_ns", "statuses", "updates", "warnings", "why",
    )  # fmt: skip

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.index = 0
        self.name = ""
        self.started_ns = 0
        self.completed_ns = 0
        self.spans: list[tuple[int, int]] = []
        self.cached = False
        self.error = ""
        self.why: dict[str, Any] = {}
        self.statuses: dict[str, Status] = {}
        self.updates: list[str] = []
        self.warnings: list[str] = []
        self.fresh: list[str] = []
        self.partial = ""
        self.last_lines: list[str] = []
        self.changed = False

    @property
    def is_open(self) -> bool:
        """Started and not at its end."""
        return bool(self.started_ns) and not self.completed_ns

    def seconds(self, now_ns: int) -> float:
        """Time spent so far, over all of its runs."""
        spent = sum(end - start for start, end in self.spans)
        if self.is_open:
            spent += max(0, now_ns - self.started_ns)
        return spent / 1e9


class Board:
    """All steps in the order in which they were heard of."""

    def __init__(self) -> None:
        self.vertices: dict[str, Vertex] = {}
        self.warnings: list[str] = []
        """All of them, for the end."""

    def update(self, document: dict[str, Any]) -> list[Vertex]:
        """Take one document; the vertices that it changed."""
        changed: dict[str, Vertex] = {}
        for one in document.get("vertexes") or ():
            vertex = self._vertex(one["digest"])
            _take_vertex(vertex, one)
            changed[vertex.digest] = vertex
        for one in document.get("statuses") or ():
            vertex = self._vertex(one["vertex"])
            _take_status(vertex, one)
            changed[vertex.digest] = vertex
        for one in document.get("logs") or ():
            vertex = self._vertex(one["vertex"])
            _take_log(vertex, one)
            changed[vertex.digest] = vertex
        for one in document.get("warnings") or ():
            vertex = self._vertex(one["vertex"])
            text = _decoded(one.get("short", ""))
            vertex.warnings.append(text)
            self.warnings.append(text)
            changed[vertex.digest] = vertex
        for vertex in changed.values():
            vertex.changed = True
        return list(changed.values())

    def _vertex(self, digest: str) -> Vertex:
        if digest not in self.vertices:
            self.vertices[digest] = Vertex(digest)
        return self.vertices[digest]

    def counts(self) -> tuple[int, int]:
        """Steps at their end, and all."""
        done = sum(1 for one in self.vertices.values() if one.completed_ns)
        return done, len(self.vertices)


def moment_ns(text: str) -> int:
    """Nanoseconds since the epoch; 0 for none."""
    if not text:
        return 0
    seconds, nanoseconds = timestamp.parse_rfc3339(text)
    return seconds * 10**9 + nanoseconds


def _take_vertex(vertex: Vertex, one: dict[str, Any]) -> None:
    vertex.name = one.get("name") or vertex.name
    started, completed = moment_ns(one.get("started", "")), moment_ns(one.get("completed", ""))
    if started:
        vertex.started_ns = started
        vertex.completed_ns = completed
    if completed and started and (started, completed) not in vertex.spans:
        vertex.spans.append((started, completed))
    vertex.cached = bool(one.get("cached", vertex.cached))
    vertex.error = one.get("error") or vertex.error
    vertex.why = one.get("why") or vertex.why


def _take_status(vertex: Vertex, one: dict[str, Any]) -> None:
    status = vertex.statuses.setdefault(one["id"], Status(one["id"]))
    status.current = one.get("current") or 0
    status.total = one.get("total") or 0
    status.timestamp_ns = moment_ns(one.get("timestamp", ""))
    status.started_ns = moment_ns(one.get("started", "")) or status.started_ns
    status.completed_ns = moment_ns(one.get("completed", ""))
    if status.id not in vertex.updates:
        vertex.updates.append(status.id)


def _take_log(vertex: Vertex, one: dict[str, Any]) -> None:
    """Each line gets the seconds since its step began."""
    text = vertex.partial + _decoded(one.get("data", ""))
    since = max(0, moment_ns(one.get("timestamp", "")) - vertex.started_ns) / 1e9
    stamp = f"{since:#.4g}"[:5]
    *whole, vertex.partial = text.split("\n")
    lines = [f"{stamp} {_terminal_free(line)}" for line in whole]
    vertex.fresh += lines
    vertex.last_lines = [*vertex.last_lines, *lines][-MAX_KEPT_LINES:]


def end_partial(vertex: Vertex, stamp: str = "") -> None:
    """A last line without an end counts as one when its step is over."""
    if vertex.partial:
        line = f"{stamp or _last_stamp(vertex)} {_terminal_free(vertex.partial)}"
        vertex.fresh.append(line)
        vertex.last_lines.append(line)
        vertex.partial = ""


def _last_stamp(vertex: Vertex) -> str:
    if vertex.last_lines:
        return vertex.last_lines[-1].partition(" ")[0]
    return f"{max(0, vertex.completed_ns - vertex.started_ns) / 1e9:#.4g}"[:5]


def _decoded(text: str) -> str:
    try:
        return binascii.a2b_base64(text).decode("utf-8", "replace")
    except binascii.Error:
        return text


def _terminal_free(line: str) -> str:
    """The text behind the last carriage return: a progress bar's newest state."""
    return line.rstrip("\r").rpartition("\r")[2]
