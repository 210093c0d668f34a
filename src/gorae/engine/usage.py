"""What a container uses now: cgroup counters and its interfaces' bytes; blocking."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from gorae.engine.model import Container
from gorae.engine.process import cgroup_path
from gorae.linux.cgroup import CgroupStats


@dataclass(frozen=True, slots=True)
class InterfaceUsage:
    """Counters of one interface, as the container sees it."""

    name: str
    rx_bytes: int
    rx_packets: int
    rx_errors: int
    rx_dropped: int
    tx_bytes: int
    tx_packets: int
    tx_errors: int
    tx_dropped: int


@dataclass(frozen=True, slots=True)
class Usage:
    """One reading. `system_cpu_ns`: all processors' time since boot; `processes`: tasks in the cgroup."""

    read_ns: int
    cgroup: CgroupStats
    system_cpu_ns: int
    online_cpus: int
    interfaces: tuple[InterfaceUsage, ...]


class UsageReader:
    """Reads a container's counters; `stats(cgroup path)` asks the host's cgroup hierarchy."""

    def __init__(self, stats: Callable[[str], CgroupStats], cgroup_parent: str) -> None:
        self._stats = stats
        self._parent = cgroup_parent

    def read(self, container: Container) -> Usage:
        """Raises: NotFound: the container's cgroup is gone."""
        return Usage(
            read_ns=time.time_ns(),
            cgroup=self._stats(cgroup_path(container, self._parent)),
            system_cpu_ns=_system_cpu_ns(),
            online_cpus=os.cpu_count() or 1,
            interfaces=_interfaces(container.state.pid),
        )

    def memory_peak_bytes(self, container: Container) -> int:
        """The most that it ever used. Raises: NotFound: its cgroup is gone."""
        return self._stats(cgroup_path(container, self._parent)).memory.max_usage_bytes


def _system_cpu_ns() -> int:
    """Sum of the first seven columns of /proc/stat's `cpu` line, as docker counts."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:8]]
    return sum(ticks) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def _interfaces(pid: int) -> tuple[InterfaceUsage, ...]:
    """Source: proc_pid_net(5), net/dev."""
    try:
        with open(f"/proc/{pid}/net/dev") as file:
            lines = file.readlines()[2:]
    except OSError:
        return ()
    found = []
    for line in lines:
        name, _, rest = line.partition(":")
        n = [int(word) for word in rest.split()]
        if name.strip() != "lo":
            found.append(
                InterfaceUsage(name.strip(), n[0], n[1], n[2], n[3], n[8], n[9], n[10], n[11])
            )
    return tuple(found)
