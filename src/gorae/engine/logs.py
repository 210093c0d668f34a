"""A container's log as the API reads it: what is there, then what comes, woken by inotify."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from gorae import errors
from gorae.engine import logdetails
from gorae.engine.model import LogOptions
from gorae.engine.record import Record
from gorae.linux.inotify import Watcher
from gorae.runtime.logfile import LogCursor, LogWindow

Run = Callable[..., Awaitable[Any]]


def read(
    record: Record, options: LogOptions, watcher: Watcher, run: Run
) -> AsyncIterator[tuple[int, bytes]]:
    """Chunks of whole lines, each of one stream.

    Raises:
        NotImplemented: at once, before anything is read: nothing was kept.
    """
    if not record.container.log_path:
        raise errors.NotImplemented("configured logging driver does not support reading")
    return _read(record, options, watcher, run)


async def _read(
    record: Record, options: LogOptions, watcher: Watcher, run: Run
) -> AsyncIterator[tuple[int, bytes]]:
    path = record.container.log_path
    window = LogWindow(
        stdout=options.stdout,
        stderr=options.stderr,
        since_ns=options.since_ns,
        until_ns=options.until_ns,
        tail=options.tail,
        timestamps=options.timestamps,
        prefix=logdetails.prefix(record.container) if options.details else b"",
    )
    cursor = await run(LogCursor.open, path, window)
    try:
        async for chunk in _follow(record, cursor, options, watcher, run):
            yield chunk
    finally:
        await run(cursor.close)


async def _follow(
    record: Record, cursor: LogCursor, options: LogOptions, watcher: Watcher, run: Run
) -> AsyncIterator[tuple[int, bytes]]:
    changed = asyncio.Event()
    watch = watcher.watch(record.container.log_path, changed.set) if options.follow else None
    try:
        while True:
            changed.clear()
            moved = record.moved()
            over = not record.state.pid and record.restart_timer is None
            while chunks := await run(cursor.read_more):
                for chunk in chunks:
                    yield chunk
            if watch is None or over or record.removed or cursor.done:
                return
            await _either(changed, moved, options.until_ns)
    finally:
        if watch is not None:
            watcher.unwatch(watch)


async def _either(changed: asyncio.Event, moved: "asyncio.Future[None]", until_ns: int) -> None:
    """Until the log grew, the container's state changed, or `until_ns` came."""
    grew = asyncio.ensure_future(changed.wait())
    tasks: list[asyncio.Future[Any]] = [grew, moved]
    timeout_s = max(0.0, (until_ns - time.time_ns()) / 1e9) if until_ns else None
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
