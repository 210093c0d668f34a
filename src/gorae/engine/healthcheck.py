"""Runs the health checks of running containers: a timer each, an exec for every check.

The state is in the container's row after each result, so a new daemon goes on where the last one ended. A check
that takes too long is killed with all that it started.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field

from gorae.engine import health
from gorae.engine.execs import Execs
from gorae.engine.health import Plan
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import ExecSpec, HealthProbe, Status
from gorae.engine.record import Record, Records
from gorae.engine.spawn import Spawner
from gorae.errors import GoraeError

_log = logging.getLogger("gorae")
FAILED = -1


@dataclass(slots=True)
class _Watched:
    """A container whose health is looked after. `run` tells a run from the next one of the same container."""

    plan: Plan
    started_ns: int
    timer: asyncio.TimerHandle | None = None
    task: "asyncio.Task[None] | None" = field(default=None)


class HealthChecks:
    """All health checks of one daemon."""

    def __init__(
        self, records: Records, lifecycle: Lifecycle, execs: Execs, spawn: Spawner
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._execs = execs
        self._spawn = spawn
        self._watched: dict[str, _Watched] = {}
        self._loop = asyncio.get_running_loop()
        lifecycle.observers.append(self._moved)

    def adopt(self) -> None:
        """What runs already is looked after from now on."""
        for record in self._records:
            if record.state.status is Status.RUNNING:
                self._begin(record)

    def _moved(self, record: Record, action: str) -> None:
        if action in ("start", "unpause"):
            self._begin(record)
        elif action in ("die", "pause"):
            self._end(record)

    def _begin(self, record: Record) -> None:
        self._end(record)
        plan = health.plan(record.container.spec)
        if plan is not None:
            watched = _Watched(plan, record.state.started_ns)
            self._watched[record.id] = watched
            self._schedule(record, watched)

    def _end(self, record: Record) -> None:
        watched = self._watched.pop(record.id, None)
        if watched is None:
            return
        if watched.timer is not None:
            watched.timer.cancel()
        if watched.task is not None and watched.task is not asyncio.current_task():
            watched.task.cancel()

    def close(self) -> None:
        """The daemon leaves: no more checks."""
        for container_id in tuple(self._watched):
            record = self._records.by_id(container_id)
            if record is not None:
                self._end(record)

    def _schedule(self, record: Record, watched: _Watched) -> None:
        delay_ns = health.next_delay_ns(
            record.state.health,
            watched.plan,
            started_ns=watched.started_ns,
            now_ns=time.time_ns(),
        )
        watched.timer = self._loop.call_later(delay_ns / 1e9, self._due, record, watched)

    def _due(self, record: Record, watched: _Watched) -> None:
        watched.timer = None
        watched.task = self._spawn(self._check(record, watched))

    async def _check(self, record: Record, watched: _Watched) -> None:
        probe = await self._probe(record, watched.plan)
        if self._watched.get(record.id) is not watched:
            return
        before = record.state.health
        after = health.judged(before, probe, watched.plan, started_ns=watched.started_ns)
        try:
            await self._records.save_state(record, health=after)
        except GoraeError as error:
            _log.error("container %s: noting its health: %s, ignoring", record.id, error)
        watched.task = None
        if after.status != before.status:
            self._lifecycle.publish(record, f"health_status: {after.status}")
        if self._watched.get(record.id) is watched:
            self._schedule(record, watched)
        if after.status == health.UNHEALTHY and watched.plan.on_failure != "none":
            self._spawn(self._act(record, watched.plan.on_failure))

    async def _act(self, record: Record, action: str) -> None:
        """`--health-on-failure`."""
        self._end(record)
        with contextlib.suppress(GoraeError):  # it ended by itself meanwhile
            match action:
                case "restart":
                    await self._lifecycle.restart(record, timeout_s=None, signal="")
                case "stop":
                    await self._lifecycle.stop(record, timeout_s=None, signal="")
                case "kill":
                    await self._lifecycle.kill_unasked(record)

    # one check --------------------------------------------------------------------------------

    async def _probe(self, record: Record, plan: Plan) -> HealthProbe:
        started_ns = time.time_ns()
        output = bytearray()
        code, words = FAILED, ""
        try:
            code = await self._run(record, plan, output)
            words = health.shown_output(bytes(output))
        except TimeoutError:
            words = health.timed_out(plan, bytes(output))
        except GoraeError as error:
            words = error.message
        return HealthProbe(started_ns, time.time_ns(), code, words)

    async def _run(self, record: Record, plan: Plan, output: bytearray) -> int:
        """The exit status. Raises: TimeoutError: it took too long and was killed. GoraeError: it could not run."""
        spec = ExecSpec(cmd=plan.argv, attach_stdout=True, attach_stderr=True)
        exec_id = await self._execs.create(record.id, spec)
        attachment = await self._execs.start(exec_id, tty=False, detach=False)
        assert attachment is not None

        def take(_: int, data: bytes) -> None:
            if len(output) <= health.OUTPUT_BYTES:
                output.extend(data)

        attachment.on_output(take)
        try:
            await asyncio.wait_for(asyncio.shield(attachment.closed), plan.timeout_ns / 1e9)
        except (TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(GoraeError):
                await self._execs.kill_all(exec_id)
            raise
        finally:
            attachment.detach()
        found = self._execs.get(exec_id).exit_code
        self._execs.forget(exec_id)
        return FAILED if found is None else found
