"""A small event loop for the programs that outlive the daemon: readiness and timers, nothing else.

They import no asyncio: each is a process that stands beside every container for weeks.
"""

import contextlib
import heapq
import itertools
import selectors
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Timer:
    """Something to be done later, unless it is cancelled."""

    __slots__ = ("cancelled", "work")

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.cancelled = False

    def cancel(self) -> None:
        """It will not be done."""
        self.cancelled = True


class Loop:
    """Calls back when a descriptor is ready or a time has come."""

    def __init__(self) -> None:
        self._selector = selectors.EpollSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self.running = True
        self._woken, waker = socket.socketpair()
        self._woken.setblocking(False)
        waker.setblocking(False)
        self._waker = waker
        self.watch(self._woken, READ, lambda _: self._drain())

    def stop_on(self, *numbers: int) -> None:
        """Leave the loop at these signals."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self.running = False

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(64)

    def watch(self, source: Any, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready(events)` when `source` is; a second call changes the first; events 0 forgets it."""
        known = source.fileno() in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(source)
        elif known:
            self._selector.modify(source, events, ready)
        else:
            self._selector.register(source, events, ready)

    def forget(self, source: Any) -> None:
        """Stop watching; found unwatched is fine."""
        self.watch(source, 0, _nothing)

    def later(self, delay_s: float, work: Callable[[], None]) -> Timer:
        """Call `work` once, after `delay_s`."""
        timer = Timer(work)
        entry = (time.monotonic() + delay_s, next(self._numbers), timer)
        heapq.heappush(self._timers, entry)
        return timer

    def run(self) -> None:
        """Until `running` is taken away."""
        while self.running:
            for key, events in self._selector.select(self._patience()):
                if key.fd in self._selector.get_map():
                    key.data(events)
            self._expire()

    def _patience(self) -> float | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _expire(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.work()


def _nothing(_: int) -> None:
    return
