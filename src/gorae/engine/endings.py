"""Notes how containers end, and tells it later, also of those that are gone."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from gorae.engine import ending
from gorae.engine.ending import Ending
from gorae.engine.model import Container
from gorae.engine.record import Records
from gorae.engine.usage import UsageReader
from gorae.errors import GoraeError, NotFound
from gorae.store import document
from gorae.store.db import Database
from gorae.store.tables import endings as rows

KEPT = 2000
KEPT_NS = 14 * 24 * 3600 * 1_000_000_000


class Endings:
    """The service."""

    def __init__(
        self,
        db: Database,
        records: Records,
        usage: UsageReader,
        run: Callable[..., Awaitable[Any]],
    ) -> None:
        self._db = db
        self._records = records
        self._usage = usage
        self._run = run

    def note(self, container: Container) -> None:
        """Keep the end of a container whose cgroup and log are still there; blocking, quick."""
        found = ending.of(
            container.state,
            container_id=container.id,
            name=container.name,
            image=container.spec.image,
        )
        limit, peak = self._memory(container)
        found = replace(
            found,
            memory_limit_bytes=limit,
            memory_peak_bytes=peak,
            lines=ending.last_lines(container.log_path),
        )
        if found.oom_killed:
            found = replace(found, victim=ending.victim(ending.kernel_report(), container.id))
        row = rows.EndingRow(
            found.container_id, found.name, found.ended_ns or time.time_ns(), document.encode(found)
        )
        since_ns = time.time_ns() - KEPT_NS
        self._db.write(lambda tx: rows.insert(tx, row, keep=KEPT, since_ns=since_ns), durable=False)

    def _memory(self, container: Container) -> tuple[int, int]:
        limit = container.spec.resources.memory_bytes
        try:
            return limit, self._usage.memory_peak_bytes(container)
        except GoraeError:  # it never had a cgroup, or it is gone
            return limit, 0

    async def why(self, ref: str) -> Ending:
        """The last end of a container, that is there or was.

        Raises:
            NotFound: it never ended, or longer ago than ends are kept.
        """
        key = ref
        try:
            container = self._records.find(ref).container
            key = container.id
        except NotFound:
            container = None
        row = await self._run(self._db.read, lambda tx: rows.newest(tx, key))
        if row is not None:
            found: Ending = document.decode(Ending, row.document)
            return found
        if container is None:
            raise NotFound(
                f'no end of a container "{ref}" is known: ends are kept for 14 days, the newest {KEPT}'
            )
        running = "is running and has not ended before" if container.state.pid else "never ran"
        raise NotFound(f'container "{container.name}" {running}')
