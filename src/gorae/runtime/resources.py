"""Limits: which of them this host can enforce, and the OCI `linux.resources` of them. Pure.

`check` is asked when a container is created or updated; its sentences are docker's, since clients show them.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gorae.errors import InvalidArgument
from gorae.runtime.config import BlkioDevice, Resources, Rlimit
from gorae.runtime.host import HostFacts

MIN_MEMORY_BYTES = 6 << 20
NANO = 1_000_000_000
CPU_PERIOD_US = 100_000

DEFAULT_DEVICES = ("c 1:5 rwm", "c 1:3 rwm", "c 1:9 rwm", "c 1:8 rwm", "c 5:0 rwm", "c 5:1 rwm")
"""zero, null, urandom, random, tty, console; the runtime adds what it makes itself (full, ptmx, pts, mknod)."""


def group_path(asked: str, parent: str, name: str) -> str:
    """A cgroup's path: below what was asked for, else below `parent`; `..` leads no higher than the root."""
    return posixpath.join(posixpath.normpath("/" + asked.lstrip("/")) if asked else parent, name)


@dataclass(frozen=True, slots=True)
class _Discard:
    """A limit that is dropped where the host lacks it, with docker's words."""

    limit: str
    fields: tuple[str, ...]
    warning: str


_DISCARDS = (
    _Discard(
        "reservation",
        ("memory_reservation_bytes",),
        "Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. "
        "Limitation discarded.",
    ),
    _Discard(
        "swappiness",
        ("memory_swappiness",),
        "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. "
        "Memory swappiness discarded.",
    ),
    _Discard(
        "oom_kill_disable",
        ("oom_kill_disable",),
        "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
    ),
    _Discard(
        "kernel_memory_tcp",
        ("kernel_memory_tcp_bytes",),
        "Your kernel does not support kernel memory TCP limit capabilities or the cgroup is not "
        "mounted. Limitation discarded.",
    ),
    _Discard(
        "pids",
        ("pids",),
        "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. "
        "PIDs limit discarded.",
    ),
    _Discard(
        "cpu_shares",
        ("cpu_shares",),
        "Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.",
    ),
    _Discard(
        "cpu_quota",
        ("cpu_period_us", "cpu_quota_us"),
        "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.",
    ),
    _Discard(
        "cpuset",
        ("cpuset_cpus", "cpuset_mems"),
        "Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.",
    ),
    _Discard(
        "blkio_weight",
        ("blkio_weight",),
        "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
    ),
    _Discard(
        "blkio_weight_device",
        ("blkio_weight_devices",),
        "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. "
        "Weight-device discarded.",
    ),
    _Discard(
        "blkio_read_bps",
        ("blkio_read_bps",),
        "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. "
        "Block I/O BPS read limit discarded.",
    ),
    _Discard(
        "blkio_write_bps",
        ("blkio_write_bps",),
        "Your kernel does not support BPS Block I/O write limit or the cgroup is not mounted. "
        "Block I/O BPS write limit discarded.",
    ),
    _Discard(
        "blkio_read_iops",
        ("blkio_read_iops",),
        "Your kernel does not support IOPS Block read limit or the cgroup is not mounted. "
        "Block I/O IOPS read limit discarded.",
    ),
    _Discard(
        "blkio_write_iops",
        ("blkio_write_iops",),
        "Your kernel does not support IOPS Block write limit or the cgroup is not mounted. "
        "Block I/O IOPS write limit discarded.",
    ),
)


def check(
    wanted: Resources, host: HostFacts, *, update: bool = False
) -> tuple[Resources, tuple[str, ...]]:
    """The limits that will hold, and warnings about those that will not.

    Raises:
        InvalidArgument: limits that contradict each other, out of range, or of what is not there.
    """
    resources, warnings = _checked_memory(wanted, host, update=update)
    for discard in _DISCARDS:
        if discard.limit not in host.limits and any(getattr(resources, f) for f in discard.fields):
            warnings.append(discard.warning)
            resources = replace(resources, **{f: _EMPTY[f] for f in discard.fields})
    _check_memory_ranges(resources)
    _check_cpu(resources, host)
    if resources.blkio_weight and not 10 <= resources.blkio_weight <= 1000:
        raise InvalidArgument("Range of blkio weight is from 10 to 1000")
    if resources.oom_kill_disable and not resources.memory_bytes:
        warnings.append(
            "OOM killer is disabled for the container, but no memory limit is set, "
            "this can result in the system running out of resources."
        )
    return resources, tuple(warnings)


_EMPTY: dict[str, Any] = {
    name: getattr(Resources(), name) for one in _DISCARDS for name in one.fields
}


def _checked_memory(
    wanted: Resources, host: HostFacts, *, update: bool
) -> tuple[Resources, list[str]]:
    memory, swap = wanted.memory_bytes, wanted.memory_swap_bytes
    warnings: list[str] = []
    if memory and memory < MIN_MEMORY_BYTES:
        raise InvalidArgument("Minimum memory limit allowed is 6MB")
    if memory and not swap:
        swap = 2 * memory  # docker's default
    if memory and "memory" not in host.limits:
        warnings.append(
            "Your kernel does not support memory limit capabilities or the cgroup is not mounted. "
            "Limitation discarded."
        )
        memory, swap = 0, -1
    if memory and swap != -1 and "swap" not in host.limits:
        warnings.append(
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted. "
            "Memory limited without swap."
        )
        swap = -1
    if memory and 0 < swap < memory:
        raise InvalidArgument(
            "Minimum memoryswap limit should be larger than memory limit, see usage"
        )
    if not memory and swap > 0 and not update:
        raise InvalidArgument(
            "You should always set the Memory limit when using Memoryswap limit, see usage"
        )
    return replace(wanted, memory_bytes=memory, memory_swap_bytes=swap), warnings


def _check_memory_ranges(resources: Resources) -> None:
    swappiness = resources.memory_swappiness
    if swappiness is not None and not 0 <= swappiness <= 100:
        raise InvalidArgument(
            f"Invalid value: {swappiness}, valid memory swappiness range is 0-100"
        )
    reservation = resources.memory_reservation_bytes
    if reservation and reservation < MIN_MEMORY_BYTES:
        raise InvalidArgument("Minimum memory reservation allowed is 6MB")
    if resources.memory_bytes and resources.memory_bytes < reservation:
        raise InvalidArgument(
            "Minimum memory limit can not be less than memory reservation limit, see usage"
        )


def _check_cpu(resources: Resources, host: HostFacts) -> None:
    if resources.cpu_shares < 0:
        raise InvalidArgument(
            f"invalid CPU shares ({resources.cpu_shares}): value must be a positive integer"
        )
    nano, period, quota = resources.nano_cpus, resources.cpu_period_us, resources.cpu_quota_us
    if nano and period:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    if nano and quota:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    if nano and "cpu_quota" not in host.limits:
        raise InvalidArgument(
            "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler "
            "or the cgroup is not mounted"
        )
    cpus = len(number_list(host.cpus))
    if not 0 <= nano <= cpus * NANO:
        raise InvalidArgument(
            f"range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"
        )
    if period and not 1000 <= period <= 1_000_000:
        raise InvalidArgument(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
        )
    if 0 < quota < 1000:
        raise InvalidArgument("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    _check_set("CPUs", "cpus", resources.cpuset_cpus, host.cpus)
    _check_set("memory nodes", "mems", resources.cpuset_mems, host.memory_nodes)


MOST_CPUS = 8192


def _check_set(noun: str, short: str, wanted: str, available: str) -> None:
    try:
        missing = number_list(wanted) - number_list(available)
    except ValueError:
        large = any(len(one) > 4 or int(one) > MOST_CPUS for one in re.findall(r"\d+", wanted))
        why = (
            f"value of out range, maximum is {MOST_CPUS}" if large else f"invalid format: {wanted}"
        )
        raise InvalidArgument(f"Invalid value {wanted} for cpuset {short}: {why}") from None
    if missing:
        raise InvalidArgument(
            f"Requested {noun} are not available - requested {wanted}, available: {available}"
        )


def number_list(text: str) -> frozenset[int]:
    """`0-2,7` as numbers. Raises: ValueError: not such a list. Source: cpuset(7), formats."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        low, high = int(first), int(last) if dash else int(first)
        if not 0 <= low <= high <= MOST_CPUS:
            raise ValueError(part)
        found.update(range(low, high + 1))
    return frozenset(found)


def clamp_rlimits(
    wanted: Sequence[Rlimit], host: HostFacts
) -> tuple[tuple[Rlimit, ...], tuple[str, ...]]:
    """The limits as far as this host lets them be raised, and warnings about the lowered ones."""
    if "CAP_SYS_RESOURCE" in host.capabilities:
        return tuple(wanted), ()
    ceilings = dict(host.rlimits)
    lowered = [_lowered(one, ceilings.get(one.name, -1)) for one in wanted]
    warnings = [
        f"ulimit {old.name} {_words(old.hard)} is more than this host gives, lowered to {_words(new.hard)}"
        for old, new in zip(wanted, lowered, strict=True)
        if old.hard != new.hard
    ]
    return tuple(lowered), tuple(warnings)


def _lowered(limit: Rlimit, ceiling: int) -> Rlimit:
    if ceiling == -1:
        return limit
    hard = ceiling if limit.hard == -1 else min(limit.hard, ceiling)
    soft = hard if limit.soft == -1 else min(limit.soft, hard)
    return replace(limit, soft=soft, hard=hard)


def _words(value: int) -> str:
    return "unlimited" if value == -1 else str(value)


def clamp_oom_score(wanted: int | None, host: HostFacts) -> int | None:
    """Not below the daemon's own where that needs a capability which is not there."""
    if wanted is None or "CAP_SYS_RESOURCE" in host.capabilities:
        return wanted
    return max(wanted, host.oom_score_adj)


def oci_resources(
    resources: Resources, numbers: Mapping[str, tuple[int, int]], *, devices: Sequence[str] = ()
) -> dict[str, Any]:
    """The OCI `linux.resources`.

    `numbers` has (major, minor) of each block device named; `devices` are rules to allow, as the kernel
    writes them (`c 1:3 rwm`), after everything was denied; empty: no word about devices.
    """
    document: dict[str, Any] = {
        "memory": _memory(resources),
        "cpu": _cpu(resources),
        "pids": {} if resources.pids is None else {"limit": resources.pids or -1},
        "blockIO": _block(resources, numbers),
    }
    document = {key: value for key, value in document.items() if value}
    if devices:
        denied = {"allow": False, "access": "rwm"}
        document["devices"] = [denied, *(device_rule(rule) for rule in devices)]
    return document


def _memory(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if resources.memory_bytes:
        found["limit"] = resources.memory_bytes
    if resources.memory_reservation_bytes:
        found["reservation"] = resources.memory_reservation_bytes
    if resources.memory_swap_bytes:
        found["swap"] = resources.memory_swap_bytes
    if resources.kernel_memory_tcp_bytes:
        found["kernelTCP"] = resources.kernel_memory_tcp_bytes
    if resources.memory_swappiness is not None:
        found["swappiness"] = resources.memory_swappiness
    if resources.oom_kill_disable:
        found["disableOOMKiller"] = True
    return found


def _cpu(resources: Resources) -> dict[str, Any]:
    quota, period = resources.cpu_quota_us, resources.cpu_period_us
    if resources.nano_cpus:
        period = CPU_PERIOD_US
        quota = resources.nano_cpus * period // NANO
    found = {
        "shares": resources.cpu_shares,
        "quota": quota,
        "period": period,
        "realtimePeriod": resources.cpu_realtime_period_us,
        "realtimeRuntime": resources.cpu_realtime_runtime_us,
        "cpus": resources.cpuset_cpus,
        "mems": resources.cpuset_mems,
    }
    return {key: value for key, value in found.items() if value}


def _block(resources: Resources, numbers: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    def devices(of: Sequence[BlkioDevice], word: str) -> list[dict[str, int]]:
        return [
            {"major": numbers[one.path][0], "minor": numbers[one.path][1], word: one.value}
            for one in of
        ]

    found = {
        "weight": resources.blkio_weight,
        "weightDevice": devices(resources.blkio_weight_devices, "weight"),
        "throttleReadBpsDevice": devices(resources.blkio_read_bps, "rate"),
        "throttleWriteBpsDevice": devices(resources.blkio_write_bps, "rate"),
        "throttleReadIOPSDevice": devices(resources.blkio_read_iops, "rate"),
        "throttleWriteIOPSDevice": devices(resources.blkio_write_iops, "rate"),
    }
    return {key: value for key, value in found.items() if value}


def block_devices(resources: Resources) -> tuple[str, ...]:
    """The paths of all block devices that limits name."""
    every = (
        *resources.blkio_weight_devices,
        *resources.blkio_read_bps,
        *resources.blkio_write_bps,
        *resources.blkio_read_iops,
        *resources.blkio_write_iops,
    )
    return tuple(dict.fromkeys(one.path for one in every))


def device_rule(rule: str) -> dict[str, Any]:
    """`c 13:* rwm` as an OCI rule that allows; `a` allows every kind.

    Raises:
        InvalidArgument: not such a rule.
    """
    try:
        kind, numbers, access = rule.split()
        major, minor = numbers.split(":")
        if kind not in ("a", "b", "c") or not access or set(access) - set("rwm"):
            raise ValueError(rule)
        found: dict[str, Any] = {"allow": True, "type": kind, "access": access}
        if major != "*":
            found["major"] = int(major)
        if minor != "*":
            found["minor"] = int(minor)
    except ValueError:
        raise InvalidArgument(f'invalid device cgroup rule format: "{rule}"') from None
    return found
