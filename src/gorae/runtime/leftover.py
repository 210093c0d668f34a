"""What an interrupted daemon or a killed monitor can leave on the host, found for `system check` and removed."""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import GoraeError, KernelError
from gorae.linux import cgroup, pidfd
from gorae.runtime import conmon
from gorae.runtime.monitor import Monitor

CGROUP_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Leftover:
    """`kind` is bundle, exec, monitor or cgroup; `name` a container's or exec's id, a pid, a cgroup's path."""

    kind: str
    name: str
    container_id: str = ""

    def describe(self) -> str:
        """One line for people."""
        of = f' of container "{self.container_id}"' if self.container_id else ""
        return f'{self.kind} "{self.name}"{of} belongs to no container'


def find(
    monitor: Monitor, exec_root: Path, known: Collection[str], *, cgroup_parent: str = "/gorae"
) -> list[Leftover]:
    """Everything below this exec root whose container is not in `known`."""
    bundles = [Leftover("bundle", one, one) for one in monitor.bundles() if one not in known]
    return [
        *bundles,
        *_execs(exec_root),
        *_monitors(exec_root, known),
        *_cgroups(cgroup_parent, known),
    ]


def remove(monitor: Monitor, exec_root: Path, leftover: Leftover) -> None:
    """Take one away; found gone is fine.

    Raises:
        GoraeError: it could not be removed.
    """
    if leftover.kind == "bundle":
        monitor.delete(leftover.name, force=True)
    elif leftover.kind == "exec":
        shutil.rmtree(exec_root / "exec" / leftover.name, ignore_errors=True)
    elif leftover.kind == "monitor":
        pid = int(leftover.name)
        with contextlib.suppress(GoraeError):
            monitor.runtime.delete(leftover.container_id, force=True)
        pidfd.send_signal(pid, pidfd.start_ticks(pid), 9)
    else:
        clear_cgroup(leftover.name)


def _execs(exec_root: Path) -> Iterator[Leftover]:
    """Directories of execs whose monitor is gone."""
    for name in sorted(_names(exec_root / "exec")):
        directory = exec_root / "exec" / name
        with contextlib.suppress(OSError, ValueError):
            pid = int((directory / "conmon.pid").read_text())
            if not pidfd.start_ticks(pid):
                yield Leftover("exec", name)


def _monitors(exec_root: Path, known: Collection[str]) -> Iterator[Leftover]:
    for one in conmon.running():
        if one.directory.startswith(f"{exec_root}/") and one.container_id not in known:
            yield Leftover("monitor", str(one.pid), one.container_id)


def _cgroups(parent: str, known: Collection[str]) -> Iterator[Leftover]:
    for name in cgroup.host().children(parent):
        if name not in known:
            yield Leftover("cgroup", f"{parent}/{name}", name)


def clear_cgroup(path: str) -> None:
    """Kill what is in a cgroup, and remove it; found gone is fine. Raises: KernelError."""
    _kill_all(path)
    _remove_cgroup(path)


def _remove_cgroup(path: str) -> None:
    """A cgroup is busy for an instant after its last process."""
    deadline = time.monotonic() + CGROUP_PATIENCE_S
    while True:
        try:
            return cgroup.host().remove(path)
        except KernelError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _kill_all(path: str) -> None:
    for pid in cgroup.host().pids(path):
        ticks = pidfd.start_ticks(pid)
        pidfd.send_signal(pid, ticks, 9)
        pidfd.wait_gone(pid, ticks, 1.0)


def _names(directory: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return os.listdir(directory)
    return []
