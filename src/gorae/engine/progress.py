"""How far long work is, told to whoever waits for it: states of layers, lines, results.

Several threads report; one at a time is heard. What only counts bytes is told ten times a second at most.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gorae.errors import Cancelled

INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class Step:
    """`status` of the layer `id`, or of the whole without one; bytes done of all; `result` is for machines."""

    status: str = ""
    id: str = ""
    current: int = 0
    total: int = 0
    result: Any = None


Emit = Callable[[Step | None], None]
"""Takes a step; None asks only whether anybody listens still. Raises: Cancelled: nobody does."""


def silent(step: Step | None) -> None:
    """Nobody listens, and nobody leaves."""
    del step


class Reporter:
    """One listener, for many threads."""

    def __init__(self, emit: Emit = silent) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._last: dict[str, tuple[str, float]] = {}

    def say(self, status: str, id: str = "", *, result: Any = None) -> None:
        """A new state. Raises: Cancelled: nobody listens any more."""
        self._tell(Step(status, id, result=result))

    def count(self, status: str, id: str, current: int, total: int) -> None:
        """Bytes done; told when the state is new or some time has passed. Raises: Cancelled."""
        state, told = self._last.get(id, ("", 0.0))
        now = time.monotonic()
        if state == status and now - told < INTERVAL_S:
            return
        self._last[id] = (status, now)
        self._tell(Step(status, id, current, total))

    def _tell(self, step: Step | None) -> None:
        with self._lock:
            if not self._left.is_set():
                try:
                    self._emit(step)
                except Cancelled:
                    self._left.set()
        if self._left.is_set():
            raise Cancelled("the client left")

    def check(self) -> None:
        """Raises: Cancelled: nobody listens any more."""
        self._tell(None)

    def leave(self) -> None:
        """The work has failed: whoever still reports is to stop."""
        self._left.set()

    def hear(self, status: str, id: str, current: int = 0, total: int = 0) -> None:
        """As `count` or `say`, for a thread that is not to be stopped: whoever waits for it will notice."""
        if self._left.is_set():
            return
        try:
            if total:
                self.count(status, id, current, total)
            else:
                self.say(status, id)
        except Cancelled:
            return

    def wait(self, seconds: float) -> None:
        """Sleep. Raises: Cancelled: meanwhile the listener left."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.5))
