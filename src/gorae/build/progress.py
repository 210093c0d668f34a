"""What a build tells while it runs: vertices that begin and end, their logs, states of long work, warnings.

A vertex is known by a digest of its own, as in BuildKit's protocol; `emit` gets each update and is called from several
threads.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gorae.build.explain import Why

STDOUT = 1
STDERR = 2


@dataclass(frozen=True, slots=True)
class Vertex:
    """One thing that is done. Times of 0: not yet. `source`: (line, line) of the Dockerfile."""

    digest: str
    name: str
    inputs: tuple[str, ...] = ()
    started_ns: int = 0
    completed_ns: int = 0
    cached: bool = False
    error: str = ""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A piece of a vertex's output."""

    vertex: str
    stream: int
    data: bytes
    time_ns: int


@dataclass(frozen=True, slots=True)
class Status:
    """How far a part of a vertex is; `total` 0: not known."""

    vertex: str
    id: str
    current: int
    total: int
    time_ns: int
    started_ns: int
    completed_ns: int = 0


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the protocol's word
    """Something to mend; `lines` of the Dockerfile, from 1. `rule`: whose it is, empty of the lint's."""

    vertex: str
    short: str
    detail: tuple[str, ...] = ()
    url: str = ""
    lines: tuple[int, int] = (0, 0)
    rule: str = ""


Update = Vertex | Log | Status | Warning


class Progress:
    """One build's reporter. `mask`: hides what nobody may read in a text; a log is masked as it comes, in pieces.
    `prefix`: before every name.
    """

    def __init__(
        self, emit: Callable[[Update], None], build_id: str = "", prefix: str = ""
    ) -> None:
        self._emit = emit
        self._build_id = build_id
        self._prefix = prefix
        self.mask: Callable[[str], str] | None = None

    def emit(self, update: Update) -> None:
        """Tell one update."""
        self._emit(update if self.mask is None else _masked(update, self.mask))

    def digest(self, name: str) -> str:
        """What a vertex of this build is called."""
        text = f"{self._build_id}\0{name}"
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"

    def begin(self, name: str, inputs: Sequence[str] = ()) -> Vertex:
        """Something starts."""
        return self.start(self.plan(name, inputs))

    def plan(self, name: str, inputs: Sequence[str] = ()) -> Vertex:
        """Something that waits for what it needs; nobody is told yet."""
        return Vertex(self.digest(name), self._prefix + name, tuple(inputs))

    def start(self, vertex: Vertex, why: Why | None = None) -> Vertex:
        """It begins now."""
        found = replace(vertex, started_ns=time.time_ns(), why=why)
        self.emit(found)
        return found

    def end(
        self, vertex: Vertex, *, cached: bool = False, error: str = "", why: Why | None = None
    ) -> Vertex:
        """It is over."""
        now = time.time_ns()
        found = replace(
            vertex,
            started_ns=vertex.started_ns or now,
            completed_ns=now,
            cached=cached,
            error=error,
            why=why or vertex.why,
        )
        self.emit(found)
        return found

    def once(self, name: str) -> Vertex:
        """Something that took no time."""
        return self.end(self.begin(name))

    def log(self, vertex: Vertex, stream: int, data: bytes) -> None:
        """Output."""
        self.emit(Log(vertex.digest, stream, data, time.time_ns()))

    def status(
        self, vertex: Vertex, what: str, *, current: int = 0, total: int = 0, started_ns: int = 0,
        done: bool = False,
    ) -> int:  # fmt: skip
        """A part's state; when it began, to be given again at its end."""
        now = time.time_ns()
        started_ns = started_ns or now
        self.emit(Status(vertex.digest, what, current, total, now, started_ns, now if done else 0))
        return started_ns


def _masked(update: Update, mask: Callable[[str], str]) -> Update:
    match update:
        case Vertex():
            return replace(update, name=mask(update.name), error=mask(update.error))
        case Status():
            return replace(update, id=mask(update.id))
        case Warning():
            return replace(update, short=mask(update.short))
    return update
