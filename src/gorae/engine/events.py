"""The event stream: a bounded history and live subscribers, in one order.

`publish` may be called from any thread; subscribers live on the event loop. A subscriber that does not read
is cut off at `QUEUE_LIMIT` events rather than kept in memory for ever.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator

from gorae.engine.model import Event
from gorae.errors import Unavailable

HISTORY = 4096
QUEUE_LIMIT = 65536


class Events:
    """One daemon's events."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._queues: set[asyncio.Queue[Event | None]] = set()
        self._lock = threading.Lock()

    @property
    def listeners(self) -> int:
        """How many subscribers there are."""
        return len(self._queues)

    def publish(
        self,
        kind: str,
        action: str,
        object_id: str,
        attributes: dict[str, str] | None = None,
        *,
        time_ns: int = 0,
    ) -> Event:
        """Record an event and wake the subscribers."""
        event = Event(kind, action, object_id, dict(attributes or {}), time_ns or time.time_ns())
        with self._lock:
            self._history.append(event)
            if self._queues:
                self._loop.call_soon_threadsafe(self._deliver, event, tuple(self._queues))
        return event

    def _deliver(self, event: Event, queues: "tuple[asyncio.Queue[Event | None], ...]") -> None:
        for queue in queues:
            if queue.qsize() >= QUEUE_LIMIT:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)

    async def subscribe(self, since_ns: int = 0, until_ns: int = 0) -> AsyncIterator[Event]:
        """Past events from `since_ns` on (0: none of the past), then live ones until `until_ns` (0: no end)."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        with self._lock:
            past = [e for e in self._history if since_ns and e.time_ns >= since_ns]
            self._queues.add(queue)
        try:
            for event in past:
                if not until_ns or event.time_ns <= until_ns:
                    yield event
            async for event in _live(queue, until_ns):
                yield event
        finally:
            with self._lock:
                self._queues.discard(queue)


async def _live(queue: "asyncio.Queue[Event | None]", until_ns: int) -> AsyncIterator[Event]:
    while True:
        left_s = (until_ns - time.time_ns()) / 1e9 if until_ns else None
        if left_s is not None and left_s <= 0 and queue.empty():
            return
        try:
            event = await asyncio.wait_for(queue.get(), left_s)
        except TimeoutError:
            return
        if event is None:
            raise Unavailable("the reader of events fell too far behind")
        if until_ns and event.time_ns > until_ns:
            return
        yield event
