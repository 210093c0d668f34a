"""What a daemon does with what the last one left: containers that run on, ends that nobody saw, half-done work.

The order: mounts and monitors are looked at for every record, the network is rebuilt from those that run,
ended ones are settled as if the end had just been seen, and restart policies are asked. Nothing here trusts
memory: rows, exit files and the kernel are the facts.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.engine import restart
from gorae.engine.bringup import Bringup
from gorae.engine.execs import Execs
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import ContainerState, RestartPolicy, Status
from gorae.engine.record import Record, Records
from gorae.engine.removals import Removals
from gorae.engine.sandbox import Sandboxes
from gorae.engine.spawn import Spawner
from gorae.errors import GoraeError
from gorae.runtime.monitor import KILLED, Exit, Monitor, Task

_log = logging.getLogger("gorae")
Run = Callable[..., Awaitable[Any]]
LIVE = (Status.RUNNING, Status.PAUSED)


class Adoption:
    """One daemon's start."""

    def __init__(
        self,
        records: Records,
        removals: Removals,
        execs: Execs,
        lifecycle: Lifecycle,
        bringup: Bringup,
        monitor: Monitor,
        sandboxes: Sandboxes,
        run: Run,
        spawn: Spawner,
    ) -> None:
        self._records = records
        self._removals = removals
        self._execs = execs
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._monitor = monitor
        self._sandboxes = sandboxes
        self._run = run
        self._spawn = spawn

    async def run(self) -> None:
        """Adopt, settle and start again; returns when every record tells the truth."""
        found = _Found()
        for record in self._records:
            with _survived(record, "looking for its task"):
                await self._look(record, found)
        await self._run(self._sandboxes.restore, [one.container for one, _ in found.running])
        await self._run(self._discard_unknown, found.ids)
        for record, task in found.running:
            with _survived(record, "adopting it"):
                await self._settle_networks(record)
                await self._agree_on_freezing(record, task)
                self._lifecycle.watch(record, task)
        await self._execs.adopt()
        for record, ended in found.ended:
            with _survived(record, "settling its end"):
                async with record.lock:
                    await self._lifecycle.settle(record, ended, restart_now=False)
        for record in self._records:
            if _unwanted(record):
                self._spawn(self._removals.finish(record))
        self._spawn(self._start_wanted())

    async def _look(self, record: Record, found: "_Found") -> None:
        """Tell a running container from one whose end nobody saw, and let the record know of a run it missed."""
        state = record.state
        task = await self._run(self._monitor.adopt, record.id)
        if task is None:
            if state.status in LIVE:  # power loss
                found.ended.append((record, Exit(KILLED, exited_ns=time.time_ns())))
            elif state.status is Status.RESTARTING:
                found.ended.append((record, Exit(state.exit_code, exited_ns=state.finished_ns)))
            return
        unseen = task.started_ns > state.started_ns  # killed between the start and the row
        if not unseen and state.status not in (*LIVE, Status.RESTARTING):
            return  # settled, and not yet taken down
        if unseen:
            await self._learn(record, task)
        if await self._run(self._monitor.has_ended, task):
            found.ended.append((record, await self._run(self._monitor.read_exit, task)))
        else:
            record.exited.clear()
            found.running.append((record, task))

    async def _settle_networks(self, record: Record) -> None:
        """A connect or disconnect that was cut off is finished."""
        container = record.container
        networks = self._sandboxes.settled(container)
        if networks != container.spec.networks:
            spec = replace(container.spec, networks=networks)
            await self._records.save_spec(record, replace(container, spec=spec))

    async def _learn(self, record: Record, task: Task) -> None:
        place = await self._run(self._bringup.place, record.id)
        await self._records.save_state(
            record,
            status=Status.RUNNING,
            pid=task.pid,
            monitor_pid=task.monitor_pid,
            started_ns=task.started_ns,
            exit_code=0,
            error="",
            oom_killed=False,
            endpoints=place.endpoints,
            published=place.published,
        )

    async def _agree_on_freezing(self, record: Record, task: Task) -> None:
        """A pause that was not answered, or one for the length of a commit, is undone; one undone elsewhere is over."""
        frozen = await self._run(self._monitor.is_frozen, task)
        if frozen and record.state.status is Status.RUNNING:
            await self._run(self._monitor.resume, record.id)
        elif not frozen and record.state.status is Status.PAUSED:
            await self._records.save_state(record, status=Status.RUNNING)

    def _discard_unknown(self, known: set[str]) -> None:
        """Mounts, bundles and sandboxes of what does not run: the last daemon died between two steps."""
        for container_id in self._bringup.leftovers(known):
            try:
                self._bringup.down(container_id)
            except (GoraeError, OSError) as error:
                _log.error("%s: removing what is left of it: %s, ignoring", container_id, error)
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


@dataclass(slots=True)
class _Found:
    """What runs on, and what ended unseen."""

    running: list[tuple[Record, Task]] = field(default_factory=list)
    ended: list[tuple[Record, Exit]] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """Containers of which something is still needed."""
        return {record.id for record, _ in (*self.running, *self.ended)}


@contextlib.contextmanager
def _survived(record: Record, doing: str) -> Iterator[None]:
    """One container's trouble is not the others'."""
    try:
        yield
    except (GoraeError, OSError) as error:
        _log.error("container %s: %s: %s, ignoring", record.id, doing, error)


def _unwanted(record: Record) -> bool:
    """A removal that was cut off, or a `--rm` that nobody was there for."""
    state = record.state
    ended = state.status in (Status.EXITED, Status.DEAD)
    return state.status is Status.REMOVING or (ended and record.container.spec.auto_remove)


def _wanted(policy: RestartPolicy, state: ContainerState) -> bool:
    if state.pid or state.status in (Status.CREATED, Status.REMOVING):
        return False
    return restart.wanted_at_boot(
        policy,
        exit_code=state.exit_code,
        stopped_by_user=state.stopped_by_user,
        restart_count=state.restart_count,
    )
