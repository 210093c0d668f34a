"""Driver of conmon, the monitor: one process for each container and each exec, which outlives the daemon.

It holds the terminal or the pipes, writes the log, serves those who attach, reaps the process and leaves its exit
status in a file. It is started through a double fork and so is nobody's child; what a later daemon must know
stands in its directory:

    <exec-root>/bundle/<id>/     config.json, attach (socket), ctl and winsz (fifos), pid, task.json, started,
                                 exit (the status), oom (there if the kernel killed for memory), note
    <exec-root>/exec/<exec id>/  process.json and the same, but for started
    <exec-root>/runtime/         the OCI runtime's state

Blocking and thread-safe; calls about one container are made one after the other by the engine.
"""

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gorae.errors import GoraeError, Internal, InvalidArgument, KernelError, NotFound
from gorae.linux import cgroup, pidfd
from gorae.runtime import control, device, execgroup, propagation, resources, top
from gorae.runtime.config import Process, Resources, RuntimeConfig
from gorae.runtime.conmon import Conmon, Stdio, monitor_of
from gorae.runtime.host import HostFacts
from gorae.runtime.oci import CREATE, EXEC, OciRuntime, Runtimes, translated
from gorae.runtime.programversion import ProgramVersion
from gorae.runtime.seccompcache import SeccompCache
from gorae.runtime.spec import oci_process, oci_spec

KILLED = 137
JOURNAL = "/run/systemd/journal/socket"
LEAVE_PATIENCE_S = 5
_STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Task:
    """A container's first process and its monitor. The `ticks` tell the processes from later namesakes."""

    id: str
    pid: int
    pid_ticks: int
    monitor_pid: int
    monitor_ticks: int
    directory: str
    cgroup_path: str
    started_ns: int = 0
    """When its process was let run; 0 before."""

    @property
    def attach_socket(self) -> str:
        """Where the monitor serves the process's streams."""
        return f"{self.directory}/attach"


@dataclass(frozen=True, slots=True)
class Exec:
    """A further process in a container and its monitor. `pid` is 0 until it runs."""

    id: str
    container_id: str
    pid: int
    monitor_pid: int
    monitor_ticks: int
    directory: str

    @property
    def attach_socket(self) -> str:
        """Where the monitor serves the process's streams."""
        return f"{self.directory}/attach"


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a container's process: its status as a shell gives it (128 + signal)."""

    code: int
    oom_killed: bool = False
    exited_ns: int = 0


class Monitor:
    """Makes containers and execs under monitors, below one exec root."""

    def __init__(
        self,
        exec_root: Path,
        runtime: OciRuntime,
        host: HostFacts,
        conmon_path: str = "",
        more_runtimes: dict[str, str] | None = None,
    ) -> None:
        self._bundles = exec_root / "bundle"
        self._execs = exec_root / "exec"
        self._host = host
        self.runtime = runtime.at(exec_root / "runtime")
        self.runtimes = Runtimes(self.runtime, more_runtimes or {})
        self._conmon = Conmon.find(self.runtime, exec_root, conmon_path)
        self._seccomp = SeccompCache(exec_root / "seccomp", enabled=runtime.name == "crun")
        self._control = threading.Lock()
        for directory in (self._bundles, self._execs):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def version(self) -> ProgramVersion:
        """The monitor's."""
        return self._conmon.version()

    # containers -------------------------------------------------------------------------------

    def create(
        self,
        config: RuntimeConfig,
        *,
        log_path: str | None,
        log_driver: str = "json-file",
        terminal: bool = False,
        stdin_open: bool = False,
        stdin_once: bool = False,
        name: str = "",
        log_tag: str = "",
    ) -> Task:
        """A container whose process waits to be started; what an earlier run left of it is removed.

        `log_path` None keeps no log file. `name` and `log_tag` are what the journal is told.

        Raises:
            GoraeError: in docker's words; nothing is left behind.
        """
        bundle = self._bundles / config.id
        if bundle.exists():
            self.delete(config.id, force=True)
        runtime = self.runtimes.find(config.runtime)
        config = _with_files_bound_flat(config)
        found = device.look_up(config)
        propagation.check(config.mounts)
        bundle.mkdir(mode=0o700)
        try:
            document = oci_spec(config, self._host, found)
            filter_key = self._seccomp.key(document) if runtime == self.runtime else ""
            filter_known = self._seccomp.apply(document, filter_key)
            (bundle / "config.json").write_text(json.dumps(document))
            stdio = Stdio(
                terminal=terminal,
                stdin=stdin_open,
                keep_stdin=stdin_open and not stdin_once,
                log=_log(log_path, log_driver),
                log_tag=log_tag if log_driver == "journald" else "",
            )
            if runtime != self.runtime:
                _write(bundle / "runtime", config.runtime)
            conmon = replace(self._conmon, runtime=runtime)
            started = conmon.create(config.id, bundle, stdio, name=name)
        except GoraeError:
            shutil.rmtree(bundle, ignore_errors=True)
            raise
        if started.error:
            self._discard_failed(config, started.monitor_pid)
            command = config.process.args[0] if config.process.args else ""
            raise translated(started.error, prefix=CREATE, runtime=runtime.name, command=command)
        if filter_key and not filter_known:
            self._seccomp.keep(filter_key, Path(self.runtime.root) / config.id)
        task = Task(
            id=config.id,
            pid=started.pid,
            pid_ticks=pidfd.start_ticks(started.pid),
            monitor_pid=started.monitor_pid,
            monitor_ticks=pidfd.start_ticks(started.monitor_pid),
            directory=str(bundle),
            cgroup_path=config.cgroup_path,
        )
        _write(bundle / "task.json", json.dumps(asdict(task)))
        return task

    def _runtime(self, container_id: str) -> OciRuntime:
        """The one that made a container."""
        try:
            return self.runtimes.find(_text(self._bundles / container_id / "runtime"))
        except InvalidArgument:  # uninstalled meanwhile: its state is of the same form
            return self.runtime

    def _discard_failed(self, config: RuntimeConfig, monitor_pid: int) -> None:
        """The monitor is about to leave; the runtime leaves a cgroup behind where a limit could not be written."""
        pidfd.wait_gone(monitor_pid, pidfd.start_ticks(monitor_pid), LEAVE_PATIENCE_S)
        with contextlib.suppress(KernelError):
            cgroup.host().remove(config.cgroup_path)
        shutil.rmtree(self._bundles / config.id, ignore_errors=True)

    def note(self, container_id: str, text: str) -> None:
        """Lay down what a later daemon must know of this run, before it is started; not read here."""
        _write(self._bundles / container_id / "note", text)

    def noted(self, container_id: str) -> str:
        """What was laid down; empty: nothing."""
        return _text(self._bundles / container_id / "note")

    def start(self, container_id: str) -> None:
        """Let the created process run. Raises: GoraeError: in docker's words."""
        self._runtime(container_id).start(container_id)
        _write(self._bundles / container_id / "started", str(time.time_ns()))

    def delete(self, container_id: str, *, force: bool = False) -> None:
        """Remove the runtime's and the monitor's traces; found gone is fine.

        Raises:
            GoraeError: it runs and `force` is not given.
        """
        bundle = self._bundles / container_id
        task = self._task(container_id)
        if task is None and bundle.exists():
            self._wait_created(container_id, bundle)
        self._runtime(container_id).delete(container_id, force=force)
        pid, ticks = (task.monitor_pid, task.monitor_ticks) if task else monitor_of(bundle)
        pidfd.wait_gone(pid, ticks, LEAVE_PATIENCE_S)
        shutil.rmtree(bundle, ignore_errors=True)

    def _wait_created(self, container_id: str, bundle: Path) -> None:
        """A daemon may have died while its monitor was making the container: what is half made cannot be removed."""
        deadline = time.monotonic() + LEAVE_PATIENCE_S
        while time.monotonic() < deadline:
            pid, ticks = monitor_of(bundle)
            if not ticks or self._runtime(container_id).state(container_id) is not None:
                return
            pidfd.wait_gone(pid, ticks, _STEP_S)

    def kill(self, container_id: str, signal: int, *, every: bool = False) -> None:
        """Signal the first process, or every one; found gone is fine."""
        task = self._known(container_id)
        pids = self.processes(container_id) if every else ()
        if not every:
            pidfd.send_signal(task.pid, task.pid_ticks, signal)
        for pid in pids:
            pidfd.send_signal(pid, pidfd.start_ticks(pid), signal)

    def pause(self, container_id: str) -> None:
        """Freeze all its processes. Raises: KernelError."""
        cgroup.host().freeze(self._known(container_id).cgroup_path, frozen=True)

    def resume(self, container_id: str) -> None:
        """Let them go on. Raises: KernelError."""
        cgroup.host().freeze(self._known(container_id).cgroup_path, frozen=False)

    def is_frozen(self, task: Task) -> bool:
        """Whether its processes are frozen, whoever did it."""
        return cgroup.host().is_frozen(task.cgroup_path)

    def update(self, container_id: str, wanted: Resources) -> tuple[str, ...]:
        """Set new limits; warnings about those that the host cannot enforce.

        Raises:
            InvalidArgument: limits that cannot be. GoraeError: the runtime or the kernel refused.
        """
        allowed, warnings = resources.check(wanted, self._host, update=True)
        numbers = {path: device.block_number(path) for path in resources.block_devices(allowed)}
        self._runtime(container_id).update(container_id, resources.oci_resources(allowed, numbers))
        return warnings

    def processes(self, container_id: str) -> tuple[int, ...]:
        """The pids of all its processes, execs too."""
        return cgroup.host().pids(self._known(container_id).cgroup_path)

    def top(self, container_id: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """Titles and rows of the host's `ps`, only the container's processes. Raises: GoraeError."""
        return top.top(self.processes(container_id), ps_args)

    def resize(self, container_id: str, rows: int, columns: int) -> None:
        """Tell the terminal its size. Raises: GoraeError: no monitor listens."""
        with self._control:
            control.resize(self._bundles / container_id, rows, columns)

    def reopen_log(self, container_id: str) -> None:
        """Have the monitor open its log's path anew. Raises: GoraeError: no monitor listens."""
        with self._control:
            control.reopen_log(self._bundles / container_id)

    # ends and restarts ------------------------------------------------------------------------

    def has_ended(self, task: Task) -> bool:
        """Whether the process is over, or nobody watches it any more."""
        if os.path.exists(f"{task.directory}/exit"):
            return True
        return not pidfd.is_alive(task.monitor_pid, task.monitor_ticks)

    def read_exit(self, task: Task) -> Exit:
        """How a task ended. One whose monitor is gone without a word is killed: nobody has its streams."""
        directory = Path(task.directory)
        oom = (directory / "oom").exists() or cgroup.host().oom_kills(task.cgroup_path) > 0
        found = _exit_file(directory)
        if found is None:
            pidfd.send_signal(task.pid, task.pid_ticks, 9)
            pidfd.wait_gone(task.pid, task.pid_ticks, LEAVE_PATIENCE_S)
            return Exit(KILLED, oom, time.time_ns())
        code, exited_ns = found
        return Exit(code, oom, exited_ns)

    def adopt(self, container_id: str) -> Task | None:
        """The task that an earlier daemon started, running or ended.

        One that was made but not started is removed: None.
        """
        if not (self._bundles / container_id).exists():
            return None
        task = self._task(container_id)
        if task is not None and not task.started_ns and self._did_start(container_id):
            task = replace(task, started_ns=time.time_ns())
        if task is None or not task.started_ns:
            self.delete(container_id, force=True)
            return None
        return task

    def _did_start(self, container_id: str) -> bool:
        """The daemon may have died between the start and the note of it."""
        if (self._bundles / container_id / "exit").exists():
            return True
        state = self._runtime(container_id).state(container_id)
        return state is not None and state.get("status") in ("running", "paused")

    def bundles(self) -> tuple[str, ...]:
        """The ids of all containers of which something is here."""
        return tuple(sorted(os.listdir(self._bundles)))

    def _task(self, container_id: str) -> Task | None:
        bundle = self._bundles / container_id
        try:
            task = Task(**json.loads((bundle / "task.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return replace(task, started_ns=_number(bundle / "started"))

    def _known(self, container_id: str) -> Task:
        task = self._task(container_id)
        if task is None:
            raise NotFound(f'container "{container_id}" has no task')
        return task

    # execs ------------------------------------------------------------------------------------

    def exec(
        self,
        container_id: str,
        exec_id: str,
        wanted: Process,
        *,
        stdin_open: bool = False,
        note: str = "",
        connect: Callable[[Exec], None] | None = None,
    ) -> Exec:
        """A further process, running when this returns; `note` is kept for a later daemon.

        `connect` is called when its attach socket listens and the process does not run yet, so that no
        output is lost; without it the process's output is thrown away.

        Raises:
            GoraeError: in docker's words; nothing is left behind.
        """
        directory = self._execs / exec_id
        directory.mkdir(mode=0o700)
        made = Exec(exec_id, container_id, 0, 0, 0, str(directory))
        try:
            document = oci_process(wanted, self._host)
            (directory / "process.json").write_text(json.dumps(document))
            _write(
                directory / "task.json", json.dumps({"container_id": container_id, "note": note})
            )
            stdio = Stdio(
                terminal=wanted.terminal, stdin=stdin_open, keep_stdin=False, log=("none",)
            )
            runtime = self._runtime(container_id)
            started = replace(self._conmon, runtime=runtime).exec(
                container_id, directory, stdio, connect and (lambda: connect(made))
            )
            if started.error:
                command = wanted.args[0] if wanted.args else ""
                raise translated(started.error, prefix=EXEC, runtime=runtime.name, command=command)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        if started.pid:
            with contextlib.suppress(GoraeError):  # then only its own process can be signalled
                execgroup.gather(self._known(container_id).cgroup_path, exec_id, started.pid)
        return replace(
            made,
            pid=started.pid,
            monitor_pid=started.monitor_pid,
            monitor_ticks=pidfd.start_ticks(started.monitor_pid),
        )

    def signal_exec(self, made: Exec, number: int) -> bool:
        """Signal an exec and all that it started; whether there was anything. Raises: GoraeError."""
        task = self._task(made.container_id)
        return task is not None and execgroup.signal(task.cgroup_path, made.id, number)

    def read_exec_exit(self, made: Exec) -> int:
        """The status of an ended exec; its directory is removed."""
        found = _exit_file(Path(made.directory))
        task = self._task(made.container_id)
        if task is not None:
            execgroup.discard(task.cgroup_path, made.id)
        shutil.rmtree(made.directory, ignore_errors=True)
        return KILLED if found is None else found[0]

    def resize_exec(self, made: Exec, rows: int, columns: int) -> None:
        """Tell its terminal its size. Raises: GoraeError: no monitor listens."""
        with self._control:
            control.resize(Path(made.directory), rows, columns)

    def adopt_execs(self) -> list[tuple[Exec, str]]:
        """The execs of an earlier daemon that run on, with their notes; what ended ones left is removed."""
        found = []
        for exec_id in os.listdir(self._execs):
            directory = self._execs / exec_id
            monitor_pid, ticks = monitor_of(directory)
            told = _exec_document(directory)
            if (directory / "exit").exists() or not ticks or told is None:
                shutil.rmtree(directory, ignore_errors=True)
                continue
            container_id, note = told
            pid = _number(directory / "pid")
            found.append(
                (Exec(exec_id, container_id, pid, monitor_pid, ticks, str(directory)), note)
            )
        return found


def _with_files_bound_flat(config: RuntimeConfig) -> RuntimeConfig:
    """A file has nothing mounted below it, and crun opens the target of a recursive read-only bind as a directory."""
    mounts = tuple(
        replace(one, recursive=False)
        if one.type == "bind" and one.readonly and not os.path.isdir(one.source)
        else one
        for one in config.mounts
    )
    return replace(config, mounts=mounts)


def _log(path: str | None, driver: str) -> tuple[str, ...]:
    """Raises: InvalidArgument: there is no journal to write to."""
    if path is None or driver == "none":
        return ("none",)
    if ":" in path:
        raise InvalidArgument(f'log path "{path}": the monitor takes no colon in it')
    file = f"k8s-file:{path}"
    if driver != "journald":
        return (file,)
    if not os.path.exists(JOURNAL):
        raise InvalidArgument(
            "failed to create task for container: failed to initialize logging driver: "
            "journald is not enabled on this host"
        )
    return (file, "journald")


def _exit_file(directory: Path) -> tuple[int, int] | None:
    """(status, when it was written)."""
    path = directory / "exit"
    try:
        text = path.read_text()
        written_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    try:
        return int(text) & 0xFF, written_ns
    except ValueError:
        raise Internal(f'exit file "{path}" holds no number: "{text[:20]}"') from None


def _exec_document(directory: Path) -> tuple[str, str] | None:
    """(container's id, note) of an exec."""
    try:
        document = json.loads((directory / "task.json").read_text())
        return str(document["container_id"]), str(document["note"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _write(path: Path, text: str) -> None:
    """Whole or not at all, seen by whoever reads."""
    staged = path.with_name(f".{path.name}")
    staged.write_text(text)
    staged.rename(path)
