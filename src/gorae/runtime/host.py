"""What this host gives to containers, asked once at start."""

import os
import platform
import re
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gorae.linux.cgroup import Cgroups, Hierarchy
from gorae.runtime import capabilities

RLIMITS = {
    "as": resource.RLIMIT_AS,
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA,
    "fsize": resource.RLIMIT_FSIZE,
    "locks": 10,
    "memlock": resource.RLIMIT_MEMLOCK,
    "msgqueue": resource.RLIMIT_MSGQUEUE,
    "nice": resource.RLIMIT_NICE,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "rss": resource.RLIMIT_RSS,
    "rtprio": resource.RLIMIT_RTPRIO,
    "rttime": resource.RLIMIT_RTTIME,
    "sigpending": resource.RLIMIT_SIGPENDING,
    "stack": resource.RLIMIT_STACK,
}
"""Names as `--ulimit` has them. Source: getrlimit(2)"""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Values only, so that decisions about them can be tested anywhere."""

    kernel: tuple[int, int] = (6, 1)
    machine: str = "x86_64"
    """As uname gives it."""
    capabilities: tuple[str, ...] = capabilities.NAMES
    """What the daemon can give away: its bounding set."""
    cgroup: str = "v2"
    """v1, v2 or hybrid."""
    limits: frozenset[str] = frozenset()
    """Which limits the cgroup tree offers; see `LIMITS`."""
    cpus: str = "0"
    """Online processors, as `0-3,6`."""
    memory_nodes: str = "0"
    rlimits: tuple[tuple[str, int], ...] = ()
    """Hard limits of the daemon by name; -1 is unlimited."""
    oom_score_adj: int = 0
    """The daemon's own, below which nothing can go without CAP_SYS_RESOURCE."""
    seccomp: bool = True
    apparmor: bool = False
    selinux: bool = False
    sysctls: frozenset[str] = frozenset()
    """Those of `DEFAULT_SYSCTLS` that the kernel knows."""
    masked_extra: tuple[str, ...] = ()
    """Paths to mask beside the usual ones, because they are there."""

    @property
    def unified(self) -> bool:
        """Whether the limits are v2's."""
        return self.cgroup == "v2"

    @property
    def default_cgroupns(self) -> str:
        """docker's default: a namespace of its own on v2 only."""
        return "private" if self.unified else "host"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What `docker info` prints as warnings: limits that this host cannot enforce."""
        return tuple(text for name, text in INFO_WARNINGS.items() if name not in self.limits)

    @classmethod
    def probe(cls) -> "HostFacts":
        """Ask the kernel."""
        status = Path("/proc/self/status").read_text()
        major, minor = re.findall(r"\d+", platform.release())[:2]
        hierarchy = Hierarchy.detect()
        return cls(
            kernel=(int(major), int(minor)),
            machine=platform.machine(),
            capabilities=capabilities.from_mask(_mask(status, "CapBnd")),
            cgroup=hierarchy.mode,
            limits=frozenset(name for name, there in LIMITS.items() if there(hierarchy)),
            cpus=_read("/sys/devices/system/cpu/online") or "0",
            memory_nodes=_read("/sys/devices/system/node/online") or "0",
            rlimits=tuple((name, _hard(number)) for name, number in RLIMITS.items()),
            oom_score_adj=int(_read("/proc/self/oom_score_adj") or 0),
            seccomp="Seccomp:" in status,
            apparmor=_read("/sys/module/apparmor/parameters/enabled") == "Y",
            selinux=os.path.exists("/sys/fs/selinux/enforce"),
            sysctls=frozenset(filter(_is_sysctl, DEFAULT_SYSCTLS)),
            masked_extra=tuple(map(str, sorted(_CPUS.glob("cpu[0-9]*/thermal_throttle")))),
        )


_CPUS = Path("/sys/devices/system/cpu")

DEFAULT_SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.ping_group_range": "0 2147483647",
}
"""What docker sets in a network namespace that it makes: ports below 1024 and ping for everybody."""

LIMITS: dict[str, Callable[[Cgroups], bool]] = {
    "memory": lambda h: h.offers("memory", "memory.limit_in_bytes", "memory.max"),
    "swap": lambda h: h.offers("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
    "reservation": lambda h: h.offers("memory", "memory.soft_limit_in_bytes", "memory.low"),
    "oom_kill_disable": lambda h: h.offers("memory", "memory.oom_control", ""),
    "swappiness": lambda h: h.offers("memory", "memory.swappiness", ""),
    "kernel_memory_tcp": lambda h: h.offers("memory", "memory.kmem.tcp.limit_in_bytes", ""),
    "cpu_shares": lambda h: h.offers("cpu", "cpu.shares", "cpu.weight"),
    "cpu_quota": lambda h: h.offers("cpu", "cpu.cfs_quota_us", "cpu.max"),
    "cpu_realtime": lambda h: h.offers("cpu", "cpu.rt_period_us", ""),
    "cpuset": lambda h: h.offers("cpuset", "cpuset.cpus", "cpuset.cpus"),
    # the root cgroup of v1 has no pids files of its own
    "pids": lambda h: h.offers("pids", "cgroup.procs", "pids.max"),
    "blkio_weight": lambda h: h.offers("blkio", "blkio.weight", "io.weight"),
    "blkio_weight_device": lambda h: h.offers("blkio", "blkio.weight_device", "io.weight"),
    "blkio_read_bps": lambda h: h.offers("blkio", "blkio.throttle.read_bps_device", "io.max"),
    "blkio_write_bps": lambda h: h.offers("blkio", "blkio.throttle.write_bps_device", "io.max"),
    "blkio_read_iops": lambda h: h.offers("blkio", "blkio.throttle.read_iops_device", "io.max"),
    "blkio_write_iops": lambda h: h.offers("blkio", "blkio.throttle.write_iops_device", "io.max"),
}

INFO_WARNINGS = {
    "memory": "WARNING: No memory limit support",
    "swap": "WARNING: No swap limit support",
    "cpu_shares": "WARNING: No cpu shares support",
    "cpu_quota": "WARNING: No cpu cfs quota support",
    "cpuset": "WARNING: No cpuset support",
    "pids": "WARNING: No pids limit support",
    "blkio_read_bps": "WARNING: No blkio throttle.read_bps_device support",
    "blkio_write_bps": "WARNING: No blkio throttle.write_bps_device support",
    "blkio_read_iops": "WARNING: No blkio throttle.read_iops_device support",
    "blkio_write_iops": "WARNING: No blkio throttle.write_iops_device support",
}
"""docker's sentences."""


def _mask(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return int(found.group(1), 16) if found else 0


def _hard(number: int) -> int:
    hard = resource.getrlimit(number)[1]
    return -1 if hard == resource.RLIM_INFINITY else hard


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _is_sysctl(name: str) -> bool:
    return os.path.exists(f"/proc/sys/{name.replace('.', '/')}")
