"""A goraed of a test's own: its data, run-time state, socket and network namespace; nothing of it stays."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SRC = Path(__file__).parents[1] / "src"
COMPILED = Path(tempfile.gettempdir()) / "gorae-test-compiled"
"""A daemon that compiles itself at every start takes a second and a half more; the sources' folder stays clean."""
START_PATIENCE_S = 60
UPLINK = """
ip link set lo up
ip link add eth0 type veth peer name up0
ip addr add 192.0.2.2/24 dev eth0
ip link set eth0 up; ip link set up0 up
ip route add default via 192.0.2.1
"""


class Goraed:
    """One daemon. `netns` is the pid of a process in its network namespace, for nsenter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_root = folder / "data"
        self.exec_root = folder / "run"
        self.socket = folder / "s.sock"
        self.log = folder / "log"
        self._holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", f"{UPLINK}\nexec sleep 100000"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.netns = self._holder.pid
        self.process: subprocess.Popen[bytes] | None = None
        self._flags: tuple[str, ...] = ()
        self.before: tuple[str, ...] = ()
        """Words before the daemon's own: a program that sets its world up and becomes it."""
        _wait(self._has_uplink, "the namespace has its uplink")

    def _has_uplink(self) -> bool:
        routes = self.inside("ip", "route")
        return b"default" in routes.stdout

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    def inside(self, *argv: str, timeout_s: float = 20) -> subprocess.CompletedProcess[bytes]:
        """A program in the daemon's network namespace."""
        return subprocess.run(
            ["nsenter", "-t", str(self.netns), "-n", *argv], capture_output=True, timeout=timeout_s
        )

    def start(self, *flags: str) -> None:
        """Start it and wait until it answers; without flags with those of the last time."""
        flags = self._flags = flags or self._flags
        env = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONPYCACHEPREFIX": str(COMPILED)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        argv = [sys.executable, "-m", "gorae.daemon.main", "--data-root", str(self.data_root)]
        argv += ["--exec-root", str(self.exec_root), "-H", self.host, "--log-level", "debug"]
        argv += ["--pidfile", str(self.folder / "pid"), *flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", "-t", str(self.netns), "-n", *self.before, *argv],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        _wait(self._answers, "goraed answers", self._tail)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError("goraed ended: " + self._tail())
        try:
            return self.get("/_ping") == b"OK"
        except OSError:
            return False

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def get(self, path: str) -> bytes:
        """The body of a GET."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(20)
            one.connect(str(self.socket))
            one.sendall(f"GET {path} HTTP/1.0\r\nHost: gorae\r\n\r\n".encode())
            data = b""
            while more := one.recv(65536):
                data += more
        return data.partition(b"\r\n\r\n")[2]

    def request(
        self, method: str, path: str, body: object = None, *, timeout_s: float = 60
    ) -> tuple[int, bytes]:
        """One call of the API: status and body. `body` is sent as JSON, bytes as they are."""
        connection = http.client.HTTPConnection("gorae", timeout=timeout_s)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout_s)
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
        try:
            connection.sock.connect(str(self.socket))
            connection.request(method, path, body=data, headers={"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: object = None, *, timeout_s: float = 60) -> Any:
        """The document that a call answers; an error is a failure of the test."""
        status, data = self.request(method, path, body, timeout_s=timeout_s)
        assert status < 400, f"{method} {path}: {status} {data[:500]!r}"
        return json.loads(data) if data else None

    def containers(self) -> list[dict[str, object]]:
        """All of them, as the API lists them."""
        found: list[dict[str, object]] = json.loads(self.get("/containers/json?all=1"))
        return found

    def docker(
        self, *argv: str, stdin: bytes | None = None, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """The real docker CLI."""
        return subprocess.run(
            ["docker", *argv],
            env={**os.environ, "DOCKER_HOST": self.host, "DOCKER_CLI_HINTS": "false"},
            input=None if stdin is None else stdin.decode(),
            stdin=subprocess.DEVNULL if stdin is None else None,
            text=True,
            capture_output=True,
            timeout=timeout_s,
        )

    def kill(self) -> None:
        """kill -9: an ordinary event."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        """Ask it to leave."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def remove_containers(self) -> None:
        """Before the end: nothing may run on."""
        ids = self.docker("ps", "-aq").stdout.split()
        if ids:
            self.docker("rm", "-f", "-v", *ids)

    def close(self) -> None:
        """Stop, and take everything away."""
        with contextlib.suppress(AssertionError, OSError, subprocess.SubprocessError):
            if self.process is not None and self.process.poll() is not None:
                self.start()
            self.remove_containers()
        self.stop()
        self._holder.kill()
        self._holder.wait()
        self._unmount()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unmount(self) -> None:
        """What is mounted below our folder, in the daemon's own namespace and here."""
        pin = self.exec_root / "mntns" / "pin"
        enter = ["nsenter", f"--mount={pin}"] if pin.exists() else []
        for prefix in (enter, []):
            mounts = subprocess.run(
                [*prefix, "cat", "/proc/self/mounts"], capture_output=True, text=True
            ).stdout
            below = [line.split()[1] for line in mounts.splitlines() if str(self.folder) in line]
            for path in sorted(below, reverse=True):
                if not (prefix and "mntns" in path):
                    subprocess.run([*prefix, "umount", "-l", path], capture_output=True)


def _wait(condition, what: str, more=lambda: "") -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + START_PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}: {more()}"
        time.sleep(0.02)


@contextlib.contextmanager
def goraed(*flags: str, before: tuple[str, ...] = ()) -> Iterator[Goraed]:
    """A running daemon for the length of the block."""
    one = Goraed(Path(tempfile.mkdtemp(prefix="gorae-test-")))
    one.before = before
    try:
        one.start(*flags)
        yield one
    finally:
        one.close()
