"""Tasks on the event loop that nobody awaits: kept from the collector, their failures logged once."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

_log = logging.getLogger("gorae")


class Spawner:
    """Starts background tasks and remembers them until they end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __call__(self, work: Awaitable[Any]) -> "asyncio.Task[Any]":
        """Run `work` beside the caller."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a background task failed", exc_info=task.exception())

    async def drained(self, timeout_s: float) -> None:
        """Wait for what is under way, at most so long."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_s)
