"""Logs that do not grow for ever: every log's size is looked at, and a full one is renamed and reopened."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine.logdriver import limits
from gorae.engine.record import Record, Records
from gorae.errors import GoraeError
from gorae.runtime import logfile
from gorae.runtime.monitor import Monitor

LOOK_EVERY_S = 2.0


class Rotation:
    """Looks at the running containers' logs every two seconds."""

    def __init__(
        self, records: Records, monitor: Monitor, run: Callable[..., Awaitable[Any]]
    ) -> None:
        self._records = records
        self._monitor = monitor
        self._run = run

    async def run(self) -> None:
        """For the daemon's life."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for record in self._records:
                if record.state.pid and record.container.log_path:
                    with contextlib.suppress(GoraeError, OSError):  # tried again the next time
                        await self._look(record)

    async def _look(self, record: Record) -> None:
        """A log that is not at its path was renamed by a daemon that died before its monitor was told."""
        path = record.container.log_path
        size, files = limits(record.container.spec.log)
        if os.path.exists(path):
            if not 0 < size <= os.stat(path).st_size:
                return
            await self._run(logfile.rotate, path, files)
        await self._run(self._monitor.reopen_log, record.id)
