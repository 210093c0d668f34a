"""What a daemon does with what the last one left: containers that run on, ends that nobody saw, half-done work.

The order: mounts and monitors are looked at for every record, the network is rebuilt from those that run,
ended ones are settled as if the end had just been seen, and restart policies are asked. Nothing here trusts
memory: rows, exit files and the kernel are the facts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine import restart
from gorae.engine.bringup import Bringup
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import ContainerState, Status
from gorae.engine.record import Record, Records
from gorae.engine.sandbox import Sandboxes
from gorae.engine.spawn import Spawner
from gorae.errors import GoraeError
from gorae.runtime.monitor import Exit, Monitor, Task

Run = Callable[..., Awaitable[Any]]
LIVE = (Status.RUNNING, Status.PAUSED)


class Adoption:
    """One daemon's start."""

    def __init__(
        self,
        records: Records,
        lifecycle: Lifecycle,
        bringup: Bringup,
        monitor: Monitor,
        sandboxes: Sandboxes,
        run: Run,
        spawn: Spawner,
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._monitor = monitor
        self._sandboxes = sandboxes
        self._run = run
        self._spawn = spawn

    async def run(self) -> None:
        """Adopt, settle and start again; returns when every record tells the truth."""
        running: list[tuple[Record, Task]] = []
        ended: list[tuple[Record, Task | None]] = []
        for record in self._records:
            task = await self._run(self._monitor.adopt, record.id)
            if task is not None and not await self._run(self._monitor.has_ended, task):
                running.append((record, task))
            elif record.state.status in (*LIVE, Status.RESTARTING) or task is not None:
                ended.append((record, task))
        await self._run(self._sandboxes.restore, [record.container for record, _ in running])
        await self._run(self._discard_unknown)
        await self._run(self._monitor.discard_ended_execs)
        for record, task in running:
            await self._adopt(record, task)
        for record, task in ended:
            await self._settle(record, task)
        self._spawn(self._start_wanted())

    async def _adopt(self, record: Record, task: Task) -> None:
        """A container that never stopped: its record learns what happened since."""
        record.exited.clear()
        changes: dict[str, Any] = {"pid": task.pid, "monitor_pid": task.monitor_pid}
        if record.state.status not in LIVE:  # killed between start and the row
            changes |= {"status": Status.RUNNING, "started_ns": task.started_ns, "error": ""}
        await self._records.save_state(record, **changes)
        self._lifecycle.watch(record, task)

    async def _settle(self, record: Record, task: Task | None) -> None:
        """An end that nobody saw; without a monitor's word (power loss) it counts as killed."""
        was_live = record.state.status in LIVE
        if task is not None:
            ended = await self._run(self._monitor.read_exit, task)
        else:
            ended = Exit(code=137 if was_live else record.state.exit_code, oom_killed=False)
        async with record.lock:
            await self._lifecycle.settle(record, ended, restart_now=False)

    def _discard_unknown(self) -> None:
        """Mounts, bundles and sandboxes without a record: the last daemon died between two steps."""
        known = {record.id for record in self._records}
        for container_id in self._bringup.leftovers(known):
            self._bringup.down(container_id)
        self._sandboxes.discard_unknown()

    async def _start_wanted(self) -> None:
        """What the restart policies want running, eight at a time."""
        wanted = [
            record
            for record in self._records
            if _wanted(record.container.spec.restart, record.state)
        ]
        gate = asyncio.Semaphore(8)

        async def one(record: Record) -> None:
            async with gate:
                try:
                    await self._lifecycle.start(record)
                except GoraeError:  # the record has the reason
                    return

        await asyncio.gather(*(one(record) for record in wanted))


def _wanted(policy: Any, state: ContainerState) -> bool:
    if state.pid or state.status is Status.CREATED:
        return False
    return restart.wanted_at_boot(
        policy, was_running=state.exit_code != 0, stopped_by_user=state.stopped_by_user
    )
