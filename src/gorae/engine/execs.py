"""Further processes in running containers.

An exec is a value until it is started; its record is kept while its container runs and for `KEPT` of the ended
ones after that. Each has a monitor of its own, so that one survives the daemon, which the next daemon finds again.
"""

import asyncio
import contextlib
import functools
import os
import secrets
import signal as signals
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.engine import process
from gorae.engine.attach import Attachment, Hub
from gorae.engine.bringup import Bringup
from gorae.engine.lifecycle import Lifecycle, exit_code_of
from gorae.engine.model import AttachOptions, Container, Exec, ExecSpec, Status
from gorae.engine.record import Record, Records
from gorae.engine.signal import is_known, signal_number
from gorae.engine.spawn import Spawner
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound
from gorae.linux.fd import open_root
from gorae.runtime import attach, user
from gorae.runtime import monitor as monitors
from gorae.runtime.config import Process
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Monitor
from gorae.store import document
from gorae.store.ingest import disk_error

RELATIVE_CWD = "OCI runtime exec failed: exec failed: Cwd must be an absolute path"
KEPT = 512
DRAIN_PATIENCE_S = 5
BEGIN_PATIENCE_S = 10
END_PATIENCE_S = 2.0
Run = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class _Entry:
    value: Exec
    hub: Hub
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Its process is there, or will never be."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    pidfd: int = -1
    process: monitors.Exec | None = None


class Execs:
    """The service of execs."""

    def __init__(
        self,
        records: Records,
        lifecycle: Lifecycle,
        bringup: Bringup,
        monitor: Monitor,
        host: HostFacts,
        run: Run,
        spawn: Spawner,
        expect_start: Callable[[], None],
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._monitor = monitor
        self._host = host
        self._run = run
        self._spawn = spawn
        self._expect_start = expect_start
        self._entries: dict[str, _Entry] = {}

    async def create(self, ref: str, spec: ExecSpec) -> str:
        """The id of a new exec.

        Raises:
            Conflict: the container does not run or is paused. InvalidArgument: no command.
        """
        record = self._records.find(ref)
        self._expect_start()
        self._check(record)
        if not spec.cmd:
            raise InvalidArgument("No exec command specified")
        await self._run(self._process, record.container, spec)  # an unknown user is told now
        exec_id = secrets.token_hex(32)
        hub = Hub(stdin_once=True)
        self._forget_old()
        self._entries[exec_id] = _Entry(Exec(exec_id, record.id, spec), hub)
        self._lifecycle.publish(record, f"exec_create: {' '.join(spec.cmd)}", {"execID": exec_id})
        return exec_id

    def _check(self, record: Record) -> None:
        if record.state.status is Status.PAUSED:
            raise Conflict(
                f"Container {record.container.name} is paused, unpause the container before exec"
            )
        if record.state.status is Status.RESTARTING:
            raise Conflict(
                f"Container {record.id} is restarting, wait until the container is running"
            )
        if not record.state.pid:
            raise Conflict(f"container {record.id} is not running")

    def _forget_old(self) -> None:
        """Ended ones, and those that were never started, beyond the number kept; the oldest first."""
        idle = [key for key, one in self._entries.items() if not one.value.running]
        for key in idle[: max(0, len(idle) - KEPT)]:
            del self._entries[key]

    def _entry(self, exec_id: str) -> _Entry:
        try:
            return self._entries[exec_id]
        except KeyError:
            raise NotFound(f"No such exec instance: {exec_id}") from None

    def get(self, exec_id: str) -> Exec:
        """Raises: NotFound."""
        return self._entry(exec_id).value

    def of_container(self, container_id: str) -> tuple[str, ...]:
        """The ids of a container's running execs, for inspect."""
        return tuple(
            key
            for key, one in self._entries.items()
            if one.value.container_id == container_id and one.value.running
        )

    async def start(
        self,
        exec_id: str,
        *,
        tty: bool,
        detach: bool,
        console_size: tuple[int, int] | None = None,
    ) -> Attachment | None:
        """Start it; the client's end of its streams, or None when detached.

        Raises:
            Conflict: started already, or the container ended. GoraeError: why it could not start.
        """
        entry = self._entry(exec_id)
        if entry.process is not None or entry.value.exit_code is not None or entry.value.running:
            raise Conflict(f"exec {exec_id} has already been started")
        record = self._records.find(entry.value.container_id)
        self._check(record)
        spec = replace(
            entry.value.spec, tty=tty, console_size=console_size or entry.value.spec.console_size
        )
        before = entry.value
        entry.value = replace(before, spec=spec, running=True)  # now: a second start is refused
        try:
            prepared = await self._run(self._process, record.container, spec)
        except BaseException:
            entry.value = before
            raise
        attachment = None if detach else entry.hub.attach(_options(spec))
        if attachment is not None and spec.kill_on_disconnect:
            attachment.on_detach = functools.partial(self._client_left, exec_id, attachment)
        self._lifecycle.publish(record, f"exec_start: {' '.join(spec.cmd)}", {"execID": exec_id})
        starting = self._spawn(self._start(record, entry, prepared, detach=detach))
        if attachment is None:  # else the client's 101 goes out before the first output
            failure = await asyncio.shield(starting)  # a client that leaves stops nothing
            if failure is not None:
                raise failure
        return attachment

    async def _start(
        self, record: Record, entry: _Entry, prepared: Process, *, detach: bool
    ) -> GoraeError | None:
        """Start it; why it could not be."""
        loop = asyncio.get_running_loop()

        def connect(made: monitors.Exec) -> None:
            from_socket = attach.connect(made.attach_socket)
            asyncio.run_coroutine_threadsafe(_connected(entry.hub, from_socket), loop)

        try:
            if not prepared.cwd.startswith("/"):
                raise InvalidArgument(RELATIVE_CWD)
            made = await self._run(
                self._monitor.exec,
                record.id,
                entry.value.id,
                prepared,
                stdin_open=entry.value.spec.attach_stdin,
                note=document.encode(entry.value.spec),
                connect=None if detach else connect,
            )
        except (GoraeError, OSError) as error:
            failure = error if isinstance(error, GoraeError) else disk_error(error)
            self._failed(entry, failure)
            return failure
        self._started(record, entry, made)
        return None

    def _started(self, record: Record, entry: _Entry, made: monitors.Exec) -> None:
        entry.process = made
        entry.begun.set()
        entry.value = replace(entry.value, pid=made.pid)
        if made.pid:
            with contextlib.suppress(ProcessLookupError):
                entry.pidfd = os.pidfd_open(made.pid)
        self._watch(record, entry, made)

    async def adopt(self) -> None:
        """At start: those of an earlier daemon that run on. Their clients are gone, they themselves are not."""
        for made, note in await self._run(self._monitor.adopt_execs):
            record = self._records.by_id(made.container_id)
            if record is None or not record.state.pid:
                continue
            spec = document.decode(ExecSpec, note)
            entry = _Entry(Exec(made.id, record.id, spec, running=True), Hub(stdin_once=True))
            self._entries[made.id] = entry
            self._started(record, entry, made)

    def _process(self, container: Container, spec: ExecSpec) -> Process:
        with open_root(str(self._bringup.rootfs(container.id))) as root_fd:
            who = user.lookup(root_fd, spec.user or container.spec.user, container.spec.group_add)
            home = user.home(root_fd, who.uid)
        return process.exec_process(container, spec, user=who, home=home, host=self._host)

    def _failed(self, entry: _Entry, error: GoraeError) -> None:
        """The sentence goes to the client's stream, as docker's does: the answer was given already."""
        entry.value = replace(entry.value, running=False, exit_code=exit_code_of(error.message))
        for one in tuple(entry.hub.attachments):
            one.deliver(attach.STDOUT, f"{error.message}\r\n".encode())
        entry.begun.set()
        entry.ended.set()
        entry.hub.finish()

    def _watch(self, record: Record, entry: _Entry, made: monitors.Exec) -> None:
        loop = asyncio.get_running_loop()
        try:
            monitor_fd = os.pidfd_open(made.monitor_pid)
        except ProcessLookupError:
            self._spawn(self._ended(record, entry, made))
            return

        def gone() -> None:
            loop.remove_reader(monitor_fd)
            os.close(monitor_fd)
            self._spawn(self._ended(record, entry, made))

        loop.add_reader(monitor_fd, gone)

    async def _ended(self, record: Record, entry: _Entry, made: monitors.Exec) -> None:
        """The exit code is stored before the stream ends: the client asks for it at once."""
        code = await self._run(self._monitor.read_exec_exit, made)
        await entry.hub.drained(DRAIN_PATIENCE_S)
        entry.value = replace(entry.value, running=False, exit_code=code, pid=0)
        if entry.pidfd >= 0:
            os.close(entry.pidfd)
            entry.pidfd = -1
        entry.ended.set()
        entry.hub.finish()
        if not record.removed:
            self._lifecycle.publish(
                record, "exec_die", {"execID": entry.value.id, "exitCode": str(code)}
            )

    async def resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Clients ask as soon as their start is answered: the process may come a moment later.

        Raises:
            Conflict: it does not run.
        """
        entry = self._entry(exec_id)
        if entry.value.running:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(entry.begun.wait(), BEGIN_PATIENCE_S)
        if entry.process is None or not entry.value.running:
            raise Conflict(f"exec {exec_id} is not running")
        await self._run(self._monitor.resize_exec, entry.process, rows, columns)

    async def kill(self, exec_id: str, signal: str) -> None:
        """Signal an exec's own process.

        Raises:
            Conflict: it does not run.
        """
        entry = self._entry(exec_id)
        number = signal_number(signal)
        if entry.pidfd < 0:
            raise Conflict(f"exec {exec_id} is not running")
        with contextlib.suppress(ProcessLookupError):
            signals.pidfd_send_signal(entry.pidfd, number)

    def forget(self, exec_id: str) -> None:
        """Keep no record of an ended one; found gone is fine."""
        entry = self._entries.get(exec_id)
        if entry is not None and not entry.value.running:
            del self._entries[exec_id]

    async def kill_all(self, exec_id: str, signal: str = "KILL") -> None:
        """Signal an exec and every process that it started; found ended is fine. Raises: KernelError."""
        entry = self._entry(exec_id)
        number = signal_number(signal)
        if not is_known(number):
            raise InvalidArgument(f"the linux daemon does not support signal {number}")
        if entry.process is None or not entry.value.running:
            return
        if not await self._run(self._monitor.signal_exec, entry.process, number):
            with contextlib.suppress(Conflict):
                await self.kill(exec_id, signal)

    def _client_left(self, exec_id: str, attachment: Attachment) -> None:
        if not attachment.left and self._entry(exec_id).value.running:
            self._spawn(self.end(exec_id))

    async def end(self, exec_id: str) -> None:
        """Its client is gone: ask it to leave, then make it."""
        entry = self._entry(exec_id)
        for signal in ("HUP", "TERM", "KILL"):
            if entry.ended.is_set():
                return
            with contextlib.suppress(GoraeError):
                await self.kill_all(exec_id, signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(entry.ended.wait(), END_PATIENCE_S)


def _options(spec: ExecSpec) -> AttachOptions:
    return AttachOptions(
        stdin=spec.attach_stdin, stdout=spec.attach_stdout, stderr=spec.attach_stderr
    )


async def _connected(hub: Hub, sock: Any) -> None:
    hub.connect(sock)
