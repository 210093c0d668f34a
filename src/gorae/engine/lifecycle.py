"""A container's life: start, stop, kill, pause, restart, and what follows an end.

Each change of one container happens under its record's lock; what waits for a process (stop, kill with a
signal that ends it) waits outside of it, for the record's `exited`. The end of a process is noticed by its
monitor's pidfd becoming readable on the event loop, never by asking again and again.
"""

import asyncio
import contextlib
import logging
import os
import signal as signals
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine import health, restart
from gorae.engine.bringup import Bringup, Joins, Up
from gorae.engine.endpointrecord import without_addresses
from gorae.engine.events import Events
from gorae.engine.model import Container, HealthState, Status
from gorae.engine.record import Record, Records
from gorae.engine.signal import is_known, signal_number
from gorae.engine.spawn import Spawner
from gorae.errors import (
    Conflict,
    GoraeError,
    Internal,
    InvalidArgument,
    NotFound,
    NotModified,
)
from gorae.runtime import attach
from gorae.runtime.monitor import KILLED, Exit, Monitor, Task
from gorae.store.ingest import disk_error

_log = logging.getLogger("gorae")
STOP_TIMEOUT_S = 10
KILL_PATIENCE_S = 10
DRAIN_PATIENCE_S = 5

Run = Callable[..., Awaitable[Any]]


class Lifecycle:
    """Starts and ends of all containers. `on_removed` is what `--rm` asks for."""

    def __init__(
        self,
        records: Records,
        bringup: Bringup,
        monitor: Monitor,
        events: Events,
        run: Run,
        spawn: Spawner,
    ) -> None:
        self._records = records
        self._bringup = bringup
        self._monitor = monitor
        self._events = events
        self._run = run
        self._spawn = spawn
        self.remove_ended: Callable[[Record], Awaitable[None]] | None = None
        self.ended: Callable[[Record], None] | None = None
        self.observers: list[Callable[[Record, str], None]] = []
        """Told of start, die, pause and unpause, after the row has them."""
        self.note_end: Callable[[Container], None] | None = None
        """Keeps what is known of an end, while cgroup and log are there; blocking."""
        self.announce: Callable[[str, str, str], None] | None = None
        """Tells of a container that comes to a network or leaves it: (action, network's id, container's id)."""
        self.closing = False

    # start ------------------------------------------------------------------------------------

    async def start(self, record: Record) -> None:
        """Raises: NotModified: it runs. Conflict: paused or being removed. GoraeError: why it could not."""
        async with record.held():
            self._may_start(record)
            self.cancel_restart(record)
            await self._records.save_state(record, stopped_by_user=False, restart_count=0)
            record.last_delay_ns = 0
            await self._start(record)

    def _may_start(self, record: Record) -> None:
        status = record.state.status
        if status is Status.PAUSED:
            raise Conflict("cannot start a paused container, try unpause instead")
        if status in (Status.REMOVING, Status.DEAD):
            raise Conflict("container is marked for removal and cannot be started")
        if status is Status.RUNNING:
            raise NotModified(f'container "{record.container.name}" is running already')

    async def _start(self, record: Record) -> None:
        loop = asyncio.get_running_loop()
        record.hub.stdin_once = record.container.spec.stdin_once

        def connect(task: Task) -> None:
            if record.hub.attachments or record.container.spec.open_stdin:
                sock = attach.connect(task.attach_socket)
                asyncio.run_coroutine_threadsafe(_connected(record, sock), loop)

        try:
            up = await self._run(
                self._bringup.up, record.container, self._joins(record.container), connect
            )
        except (GoraeError, OSError) as error:
            failure = error if isinstance(error, GoraeError) else disk_error(error)
            await self._start_failed(record, failure)
            raise failure from error
        await self._started(record, up)
        self._announce("connect", record)
        self.publish(record, "start")
        self._observe(record, "start")

    def _observe(self, record: Record, action: str) -> None:
        for observer in self.observers:
            observer(record, action)

    def _announce(self, action: str, record: Record) -> None:
        """An event for each network that the container is on."""
        for endpoint in record.state.endpoints:
            if endpoint.endpoint_id and self.announce is not None:
                self.announce(action, endpoint.network_id, record.id)

    def _health_at_start(self, record: Record) -> HealthState:
        if health.plan(record.container.spec) is None:
            return HealthState()
        return health.begun(record.state.health)

    async def _started(self, record: Record, up: Up) -> None:
        """What could not be written down does not run: the next daemon would not know it."""
        record.task = up.task
        record.exited.clear()
        try:
            await self._records.save_state(
                record,
                status=Status.RUNNING,
                pid=up.task.pid,
                monitor_pid=up.task.monitor_pid,
                exit_code=0,
                error="",
                oom_killed=False,
                started_ns=up.started_ns,
                endpoints=up.endpoints,
                loose=False,
                health=self._health_at_start(record),
                published=up.published,
            )
        except GoraeError as error:
            record.task = None
            await self._carry_on(record, self._run(self._bringup.release, record.container))
            await self._carry_on(record, self._run(self._bringup.down, record.id))
            await self._start_failed(record, error)
            raise
        self.watch(record, up.task)

    async def _start_failed(self, record: Record, error: GoraeError) -> None:
        await self._carry_on(
            record,
            self._records.save_state(
                record,
                status=Status.CREATED if not record.state.started_ns else Status.EXITED,
                exit_code=exit_code_of(error.message),
                error=error.message,
                pid=0,
                monitor_pid=0,
                finished_ns=time.time_ns(),
                endpoints=without_addresses(record.state.endpoints),
                published=(),
            ),
        )
        if self.note_end is not None:
            await self._carry_on(record, self._run(self.note_end, record.container))
        record.exited.set()
        record.hub.finish()
        record.wake(record.stops)
        if record.container.spec.auto_remove and self.remove_ended is not None:
            self._spawn(self.remove_ended(record))

    def _joins(self, container: Container) -> Joins:
        spec = container.spec
        ipc = self._joined(spec.ipc_mode, "failed to join IPC namespace")
        network = self._joined(
            spec.network_mode, "joining network namespace of container", _at_rest
        )
        pid = self._joined(spec.pid_mode, "failed to join PID namespace")
        if ipc is not None and ipc.container.spec.ipc_mode not in ("shareable", "host"):
            raise InvalidArgument(
                f"failed to join IPC namespace: container {ipc.id}: non-shareable IPC "
                "(hint: use IpcMode:shareable for the donor container)"
            )
        return Joins(
            network=network.state.pid if network else 0,
            ipc=ipc.state.pid if ipc else 0,
            pid=pid.state.pid if pid else 0,
            ipc_shm=str(self._bringup.shm(ipc.id)) if ipc else "",
        )

    def _joined(
        self, mode: str, doing: str, at_rest: Callable[[Container], str] | None = None
    ) -> Record | None:
        """The running container that a mode `container:REF` names."""
        kind, _, ref = mode.partition(":")
        if kind != "container":
            return None
        try:
            other = self._records.find(ref)
        except NotFound as error:
            raise Internal(f"{doing}: {error.message}") from None
        if not other.state.pid:
            words = at_rest(other.container) if at_rest else ""
            raise Conflict(words or f"{doing}: container {other.id} is not running")
        return other

    def watch(self, record: Record, task: Task) -> None:
        """Notice the end of a task; `pidfd` of its process is kept for signals."""
        loop = asyncio.get_running_loop()
        record.task = task
        with contextlib.suppress(ProcessLookupError):
            record.pidfd = os.pidfd_open(task.pid)
        try:
            monitor_fd = os.pidfd_open(task.monitor_pid)
        except ProcessLookupError:
            self._spawn(self._ended(record, task))
            return

        def gone() -> None:
            loop.remove_reader(monitor_fd)
            os.close(monitor_fd)
            self._spawn(self._ended(record, task))

        loop.add_reader(monitor_fd, gone)

    # end --------------------------------------------------------------------------------------

    async def _ended(self, record: Record, task: Task) -> None:
        async with record.lock:
            if record.task is not task:
                return
            await record.hub.drained(DRAIN_PATIENCE_S)
            try:
                ended: Exit = await self._run(self._monitor.read_exit, task)
            except (GoraeError, OSError) as error:  # its monitor left no word that can be read
                _log.error("container %s: %s, ignoring", record.id, error)
                ended = Exit(KILLED, exited_ns=time.time_ns())
            await self.settle(record, ended)

    async def settle(self, record: Record, ended: Exit, *, restart_now: bool = True) -> None:
        """All that follows an end, in the order in which others may see it; under the record's lock.

        `restart_now` False: the restart policy is asked by the caller later. A step that fails is logged and does
        not keep the others from being done.
        """
        state, spec = record.state, record.container.spec
        record.task = None
        if record.pidfd >= 0:
            os.close(record.pidfd)
            record.pidfd = -1
        decision = restart.decide(
            spec.restart,
            exit_code=ended.code,
            stopped_by_user=state.stopped_by_user or self.closing or not restart_now,
            restart_count=state.restart_count,
            ran_ns=ended.exited_ns - state.started_ns,
            last_delay_ns=record.last_delay_ns,
        )
        await self._carry_on(record, self._run(self._bringup.release, record.container))
        self._announce("disconnect", record)
        await self._carry_on(
            record,
            self._records.save_state(
                record,
                status=Status.RESTARTING if decision.again else Status.EXITED,
                pid=0,
                monitor_pid=0,
                exit_code=ended.code,
                oom_killed=ended.oom_killed,
                finished_ns=ended.exited_ns,
                endpoints=without_addresses(state.endpoints),
                published=(),
                health=health.ended(state.health),
            ),
        )
        self._observe(record, "die")
        if ended.oom_killed:
            self.publish(record, "oom")
        ran_s = max(0, ended.exited_ns - state.started_ns) // 1_000_000_000
        self.publish(record, "die", {"exitCode": str(ended.code), "execDuration": str(ran_s)})
        record.exited.set()
        if self.ended is not None:
            self.ended(record)
        if decision.again:
            self._restart_later(record, decision.delay_ns)
        else:
            record.hub.finish()
            record.wake(record.stops)
        if self.note_end is not None:
            await self._carry_on(record, self._run(self.note_end, record.container))
        if spec.auto_remove and not decision.again and self.remove_ended is not None:
            self._spawn(self.remove_ended(record))
            return
        # whoever waits for the lock waits for this
        await self._carry_on(record, self._run(self._bringup.down, record.id))

    async def _carry_on(self, record: Record, step: Awaitable[Any]) -> None:
        """What a failed step leaves is found by the next start and by `system check`."""
        try:
            await step
        except (GoraeError, OSError) as error:
            _log.error("container %s: %s, ignoring", record.id, error)

    def _restart_later(self, record: Record, delay_ns: int) -> None:
        record.last_delay_ns = delay_ns
        loop = asyncio.get_running_loop()
        record.restart_timer = loop.call_later(
            delay_ns / 1e9, lambda: self._spawn(self._restart_now(record))
        )

    async def _restart_now(self, record: Record) -> None:
        async with record.lock:
            if record.restart_timer is None or record.removed or self.closing:
                return
            record.restart_timer = None
            await self._records.save_state(record, restart_count=record.state.restart_count + 1)
            with contextlib.suppress(GoraeError):  # the record has the reason
                await self._start(record)

    def cancel_restart(self, record: Record) -> None:
        """Forget a restart that was to come."""
        if record.restart_timer is not None:
            record.restart_timer.cancel()
            record.restart_timer = None

    # signals ----------------------------------------------------------------------------------

    async def stop(self, record: Record, *, timeout_s: int | None, signal: str) -> None:
        """The stop signal, then after `timeout_s` (negative: never) KILL.

        Raises: NotModified: it does not run.
        """
        spec = record.container.spec
        async with record.held():
            if record.restart_timer is not None:
                await self._stop_restarting(record)
                return
            if not record.state.pid:
                raise NotModified(f'container "{record.container.name}" is not running')
            number = signal_number(signal or spec.stop_signal or "TERM")
            await self._records.save_state(record, stopped_by_user=True)
            if record.state.status is Status.PAUSED:
                await self._run(self._monitor.resume, record.id)
        patience = spec.stop_timeout_s if timeout_s is None else timeout_s
        patience = STOP_TIMEOUT_S if patience is None else patience
        if is_known(number):
            self._send(record, number)
        else:  # nothing can come of it
            patience = 0
        if not await self._ends_within(record, patience if patience >= 0 else None):
            self._send(record, signals.SIGKILL)
            await self._ends_within(record, KILL_PATIENCE_S)
        await self._gone(record)
        self.publish(record, "stop")

    async def _stop_restarting(self, record: Record) -> None:
        self.cancel_restart(record)
        await self._records.save_state(record, stopped_by_user=True, status=Status.EXITED)
        record.hub.finish()
        record.wake(record.stops)
        self.publish(record, "stop")

    async def _gone(self, record: Record) -> None:
        """Wait for what `settle` does after the process is gone. Raises: Internal: KILL did not end it."""
        if not await self._ends_within(record, KILL_PATIENCE_S):
            raise Internal(
                f"cannot stop container: {record.container.name}: tried to kill container, "
                "but did not receive an exit event"
            )

    def _send(self, record: Record, number: int) -> None:
        """A signal to the first process; found gone is fine, its end is on the way."""
        self.publish(record, "kill", {"signal": str(number)})
        if record.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signals.pidfd_send_signal(record.pidfd, number)

    async def _ends_within(self, record: Record, patience_s: float | None) -> bool:
        try:
            await asyncio.wait_for(record.exited.wait(), patience_s)
        except TimeoutError:
            return False
        return True

    async def kill_unasked(self, record: Record) -> None:
        """End it as if it had crashed: its restart policy is asked."""
        if record.state.pid:
            self._send(record, signals.SIGKILL)
            await self._ends_within(record, KILL_PATIENCE_S)

    async def kill(self, record: Record, signal: str) -> None:
        """Send a signal; KILL waits for the end, as docker's does.

        Raises: Conflict: it does not run. InvalidArgument: no such signal.
        """
        try:
            number = signal_number(signal or "KILL")
        except InvalidArgument as error:
            raise InvalidArgument(
                f"cannot kill container: {record.container.name}: {error.message}"
            ) from None
        if not is_known(number):
            raise InvalidArgument(
                f"cannot kill container: {record.container.name}: "
                f"the linux daemon does not support signal {number}"
            )
        if record.restart_timer is not None and number in (signals.SIGKILL, signals.SIGTERM):
            async with record.held():
                await self._stop_restarting(record)
            return
        if not record.state.pid:
            raise Conflict(
                f"cannot kill container: {record.container.name}: container {record.id} is not running"
            )
        if number == signals.SIGKILL:
            await self._kill_hard(record)
        else:
            if number == signal_number(record.container.spec.stop_signal or "TERM"):
                await self._records.save_state(record, stopped_by_user=True)
            self._send(record, number)

    async def _kill_hard(self, record: Record) -> None:
        await self._records.save_state(record, stopped_by_user=True)
        if record.state.status is Status.PAUSED:
            await self._run(self._monitor.resume, record.id)
        self._send(record, signals.SIGKILL)
        if not await self._ends_within(record, KILL_PATIENCE_S):
            raise Conflict(
                f"cannot kill container: {record.container.name}: tried to kill container, "
                "but did not receive an exit event"
            )

    async def restart(self, record: Record, *, timeout_s: int | None, signal: str) -> None:
        """Stop if it runs, then start."""
        with contextlib.suppress(NotModified):
            await self.stop(record, timeout_s=timeout_s, signal=signal)
        await self.start(record)
        self.publish(record, "restart")

    # freezer ----------------------------------------------------------------------------------

    async def pause(self, record: Record) -> None:
        """Raises: Conflict: not running, or paused already."""
        async with record.held():
            if record.state.status is Status.PAUSED:
                raise Conflict(f"Container {record.id} is already paused")
            if record.state.status is not Status.RUNNING:
                raise Conflict(f"Container {record.id} is not running")
            await self._run(self._monitor.pause, record.id)
            await self._records.save_state(record, status=Status.PAUSED)
            self.publish(record, "pause")
            self._observe(record, "pause")

    async def unpause(self, record: Record) -> None:
        """Raises: Conflict: not paused."""
        async with record.held():
            if record.state.status is not Status.PAUSED:
                raise Conflict(f"Container {record.id} is not paused")
            await self._run(self._monitor.resume, record.id)
            await self._records.save_state(record, status=Status.RUNNING)
            self.publish(record, "unpause")
            self._observe(record, "unpause")

    # events -----------------------------------------------------------------------------------

    def publish(self, record: Record, action: str, more: dict[str, str] | None = None) -> None:
        """An event of this container, with docker's attributes: image, name and the labels."""
        one = record.container
        attributes = {**one.spec.labels, "image": one.spec.image, "name": one.name, **(more or {})}
        self._events.publish("container", action, one.id, attributes)


async def _connected(record: Record, sock: socket.socket) -> None:
    record.hub.connect(sock)


def _at_rest(other: Container) -> str:
    return (
        "cannot join network namespace of a non running container: "
        f"container {other.name} is {other.state.status.value}"
    )


MISSING_WORDS = ("executable file not found", "no such file or directory", "not a directory")


def exit_code_of(message: str) -> int:
    """The exit status of a container that could not start, from the sentence, as docker gives it."""
    lowered = message.lower()
    if any(words in lowered for words in MISSING_WORDS):
        return 127
    if "permission denied" in lowered or "is a directory" in lowered:
        return 126
    return 128
