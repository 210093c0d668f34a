"""Keeping cgroup migration quick while containers are being started.

A process is moved into its cgroup under a lock of the whole system whose first writer after a pause waits for an RCU
grace period: 6 to 16 ms of a start's 30 (measured; a second writer within 10 ms waits for nothing). So a thread
moves this process into the cgroup that it is in already, which changes nothing but takes the lock, from the
moment a start is expected until a little after the last one. It sleeps for ever otherwise.
Source: kernel/cgroup/cgroup.c, cgroup_threadgroup_rwsem; kernel/rcu/sync.c.
"""

import contextlib
import os
import threading
import time
from pathlib import Path

INTERVAL_S = 0.005
LINGER_S = 0.06
ROOT = Path("/sys/fs/cgroup")


def own_file(membership: str, root: Path = ROOT) -> Path | None:
    """`cgroup.procs` of the cgroup that a line of /proc/self/cgroup names; None when none is mounted."""
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        names = [controllers.removeprefix("name=")] if controllers else ["", "unified"]
        for name in names:
            file = root / name / path.lstrip("/") / "cgroup.procs"
            if file.exists():
                return file
    return None


class MigrationWarmer:
    """One thread, asleep until `expect` is called."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or own_file(Path("/proc/self/cgroup").read_text())
        self._until = 0.0
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="cgroup-warm", daemon=True)
        if self._file is not None:
            self._thread.start()

    def expect(self) -> None:
        """A start is on its way."""
        self._until = time.monotonic() + LINGER_S
        self._wanted.set()

    def _run(self) -> None:
        while not self._closing:
            self._wanted.wait()
            self._wanted.clear()
            with contextlib.suppress(OSError):  # not allowed here: starts are slower, nothing else
                self._keep_warm()

    def _keep_warm(self) -> None:
        assert self._file is not None
        fd = os.open(self._file, os.O_WRONLY | os.O_CLOEXEC)
        try:
            while time.monotonic() < self._until and not self._closing:
                os.write(fd, b"0")
                time.sleep(INTERVAL_S)
        finally:
            os.close(fd)

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wanted.set()
