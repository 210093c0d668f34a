"""What the tests of containers share: a maker of containers, and readers of their streams."""

import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gorae.linux import cgroup, pidfd
from gorae.runtime import attach
from gorae.runtime.capabilities import DEFAULT_CAPABILITIES
from gorae.runtime.config import Namespaces, Process, RuntimeConfig
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Exec, Exit, Monitor, Task
from gorae.runtime.oci import OciRuntime

PATIENCE_S = 20
ENV = ("PATH=/bin",)


class Lab:
    """Makes containers and forgets none of them."""

    def __init__(self, exec_root: Path, rootfs: Path, host: HostFacts, tmp_path: Path) -> None:
        self.exec_root = exec_root
        self.rootfs = rootfs
        self.host = host
        self.tmp_path = tmp_path
        self.parent = f"/gorae-test-{os.getpid()}"
        self.monitor = Monitor(exec_root, OciRuntime.find(), host)
        self._ids: list[str] = []

    def config(self, *args: str, **changes: object) -> RuntimeConfig:
        """A configuration; `changes` of the process and of the container."""
        name = secrets.token_hex(32)
        fields = set(Process.__dataclass_fields__)
        own = {key: value for key, value in changes.items() if key in fields}
        process = Process(args=args, env=ENV, capabilities=DEFAULT_CAPABILITIES)
        config = RuntimeConfig(
            id=name,
            rootfs=str(self.rootfs),
            process=replace(process, **own),  # type: ignore[arg-type]
            namespaces=Namespaces(cgroup=self.host.default_cgroupns),
            cgroup_path=f"{self.parent}/{name}",
        )
        rest = {key: value for key, value in changes.items() if key not in fields}
        return replace(config, **rest)  # type: ignore[arg-type]

    def log_path(self, config: RuntimeConfig) -> Path:
        """Where its log is."""
        return self.tmp_path / f"{config.id[:12]}.log"

    def create(self, config: RuntimeConfig, *, stdin: bool = False, once: bool = True) -> Task:
        """A created container with a log."""
        self._ids.append(config.id)
        return self.monitor.create(
            config,
            log_path=str(self.log_path(config)),
            terminal=config.process.terminal,
            stdin_open=stdin,
            stdin_once=once,
        )

    def start(self, config: RuntimeConfig) -> Task:
        """A running one."""
        task = self.create(config)
        self.monitor.start(task.id)
        return task

    def ended(self, task: Task) -> Exit:
        """Wait for its end."""
        assert pidfd.wait_gone(task.monitor_pid, task.monitor_ticks, PATIENCE_S)
        return self.monitor.read_exit(task)

    def output(self, *args: str, **changes: object) -> tuple[int, bytes]:
        """(status, both streams together) of a container run to its end."""
        config = self.config(*args, **changes)
        task = self.start(config)
        code = self.ended(task).code
        self.monitor.delete(task.id)
        return code, contents(self.log_path(config).read_bytes())

    def exec_output(self, task: Task, *args: str, stdin: bytes = b"") -> tuple[int, bytes]:
        """(status, both streams together) of an exec, with `stdin` given to it."""
        socks: list[socket.socket] = []

        def connect(made: Exec) -> None:
            socks.append(attach.connect(made.attach_socket))

        wanted = Process(args=args, env=ENV, capabilities=DEFAULT_CAPABILITIES)
        made = self.monitor.exec(
            task.id, secrets.token_hex(8), wanted, stdin_open=True, connect=connect
        )
        with socks[0] as sock:
            sock.settimeout(PATIENCE_S)
            if stdin:
                sock.send(stdin)
            attach.end_stdin(sock)
            found = b"".join(data for _, data in read_all(sock))
        assert pidfd.wait_gone(made.monitor_pid, made.monitor_ticks, PATIENCE_S)
        return self.monitor.read_exec_exit(made), found

    def close(self) -> None:
        """Remove all that is left."""
        for name in self._ids:
            self.monitor.delete(name, force=True)
        with contextlib.suppress(OSError):
            cgroup.host().remove(self.parent)


def contents(log: bytes) -> bytes:
    """A short log's lines without their heads."""
    return b"".join(line.split(b" ", 3)[3] for line in log.splitlines(keepends=True))


def read_all(sock: socket.socket) -> list[tuple[int, bytes]]:
    """Frames up to the end."""
    found = []
    while frame := sock.recv(attach.FRAME_LIMIT):
        found.append(attach.decode(frame))
    return found


def wait_for(sock: socket.socket, wanted: Callable[[bytes], bool]) -> bytes:
    """Output until it is what is wanted."""
    seen = b""
    while not wanted(seen):
        frame = sock.recv(attach.FRAME_LIMIT)
        assert frame, f"ended early, after {seen!r}"
        seen += attach.decode(frame)[1]
    return seen
