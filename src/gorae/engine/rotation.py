"""Logs that do not grow for ever: every log's size is looked at, and a full one is renamed and reopened."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine.model import LogConfig
from gorae.engine.record import Record, Records
from gorae.errors import GoraeError, InvalidArgument
from gorae.runtime import logfile
from gorae.runtime.monitor import Monitor

DEFAULT_MAX_SIZE_BYTES = 20 << 20
DEFAULT_MAX_FILES = 5
LOOK_EVERY_S = 2.0
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def limits(log: LogConfig) -> tuple[int, int]:
    """(bytes of one file, how many files) of a log; -1 bytes: never rotated.

    Raises:
        InvalidArgument: an option that is not a size or a count.
    """
    size = (
        parse_size(log.options["max-size"]) if "max-size" in log.options else DEFAULT_MAX_SIZE_BYTES
    )
    text = log.options.get("max-file", str(DEFAULT_MAX_FILES))
    if not text.isdigit() or int(text) < 1:
        raise InvalidArgument(f"max-file cannot be less than 1: found '{text}'")
    return size, int(text)


def parse_size(text: str) -> int:
    """`10m` -> 10485760; `-1` is without limit.

    Raises:
        InvalidArgument: not a size.
    """
    bare = text.strip().lower().removesuffix("ib").removesuffix("b") or text
    number, unit = (bare[:-1], bare[-1]) if bare[-1:].isalpha() else (bare, "")
    if text.strip() == "-1":
        return -1
    try:
        return int(float(number) * _UNITS[unit])
    except (ValueError, KeyError):
        raise InvalidArgument(f"invalid size: '{text}'") from None


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
