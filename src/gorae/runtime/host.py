"""What this host gives to containers, asked once at start; and what it needs before containers can run.

Debian's crun 1.8 refuses a host where cgroup v1 controllers and a v2 tree at /sys/fs/cgroup/unified are mounted
beside each other (hybrid). There the daemon lives in a mount namespace of its own, without the v2 tree. The
namespace is pinned to a file, so that the next daemon finds in it the mounts of the last.
"""

import contextlib
import errno
import os
import platform
import re
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import KernelError
from gorae.linux import mount, namespace
from gorae.linux.cgroup import CGROUP_ROOT, Cgroups, Hierarchy
from gorae.runtime import capabilities, propagation

UNIFIED = f"{CGROUP_ROOT}/unified"
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


def prepare_host(exec_root: Path) -> None:
    """Enter the mount namespace that containers are made in, if this host needs one of our own.

    Comes before any thread. The host's namespace stays untouched but for one pinning file below `exec_root`;
    mounts that are shared still propagate both ways.

    Raises:
        KernelError: not allowed.
    """
    pin = exec_root / "mntns" / "pin"
    if _is_namespace(pin):
        fd = os.open(pin, os.O_RDONLY | os.O_CLOEXEC)
        try:
            namespace.setns(fd, namespace.CLONE_NEWNS)
        finally:
            os.close(fd)
    elif Hierarchy.detect().mode == "hybrid":
        _enter_own_namespace(pin)


def _is_namespace(pin: Path) -> bool:
    """A file on a mount of its own is the kernel's namespace file; without the pin it is a plain one."""
    with contextlib.suppress(FileNotFoundError):
        return pin.stat().st_dev != pin.parent.stat().st_dev
    return False


def _enter_own_namespace(pin: Path) -> None:
    """Try on each processor.

    The kernel lets only an older namespace hold a mount of a newer one, and tells their age by numbers which each
    processor hands out of a stock of its own (seen with Linux 6.18).
    """
    _make_private_directory(pin.parent)
    allowed = os.sched_getaffinity(0)
    try:
        for number, processor in enumerate(sorted(allowed), 1):
            os.sched_setaffinity(0, {processor})
            try:
                return _enter_pinned(pin)
            except KernelError as error:
                if error.errno != errno.EINVAL or number == len(allowed):
                    raise
    finally:
        os.sched_setaffinity(0, allowed)


def _enter_pinned(pin: Path) -> None:
    """Into a new namespace which `pin` keeps. Raises: KernelError: it stays in the old one."""
    host = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    own = -1
    try:
        namespace.unshare(namespace.CLONE_NEWNS)
        _hide_unified()
        own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        namespace.setns(host, namespace.CLONE_NEWNS)
        namespace.pin(f"/proc/self/fd/{own}", str(pin))
        namespace.setns(own, namespace.CLONE_NEWNS)
    finally:
        os.close(host)
        if own >= 0:
            os.close(own)


def _make_private_directory(directory: Path) -> None:
    """A mount that propagates nowhere: a namespace may not be mounted where it would come back into itself."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if not any(one.target == str(directory) for one in propagation.mount_table()):
        mount.mount(str(directory), str(directory), "", mount.MS_BIND)
    mount.mount("", str(directory), "", mount.MS_PRIVATE)


def _hide_unified() -> None:
    """In this namespace only: private first, or the host would lose it too."""
    mount.mount("", CGROUP_ROOT, "", mount.MS_PRIVATE)
    mount.mount("", UNIFIED, "", mount.MS_PRIVATE)
    mount.umount2(UNIFIED, mount.MNT_DETACH)


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
