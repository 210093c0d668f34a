"""A container's counters as the stats document. Pure."""

from dataclasses import dataclass

from msgspec import UNSET

from gorae.engine.usage import Usage
from gorae.linux.cgroup import BlockStats
from gorae.wire import stats as wire
from gorae.wire.timestamp import ZERO, rfc3339


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose counters; `memory_bytes` is the host's, for containers without a limit."""

    id: str
    name: str
    memory_bytes: int


def document(subject: Subject, now: Usage | None, before: Usage | None) -> wire.Stats:
    """The reading `now` and the one before it; both None: the container does not run."""
    found = wire.Stats(
        name=f"/{subject.name}",
        id=subject.id,
        read=rfc3339(now.read_ns) if now else ZERO,
        preread=rfc3339(before.read_ns) if before else ZERO,
        precpu_stats=cpu(before),
    )
    if now is None:
        return found
    found.pids_stats = pids(now)
    found.blkio_stats = block(now)
    found.cpu_stats = cpu(now)
    found.memory_stats = memory(now, subject.memory_bytes)
    if now.interfaces:
        found.networks = {
            one.name: wire.Interface(
                one.rx_bytes,
                one.rx_packets,
                one.rx_errors,
                one.rx_dropped,
                one.tx_bytes,
                one.tx_packets,
                one.tx_errors,
                one.tx_dropped,
            )
            for one in now.interfaces
        }
    return found


def pids(usage: Usage) -> wire.Pids:
    """Tasks; an unlimited number is left out."""
    return wire.Pids(usage.cgroup.pids, max(0, usage.cgroup.pids_limit))


def cpu(usage: Usage | None) -> wire.Cpu:
    """Processor time."""
    if usage is None:
        return wire.Cpu()
    found = usage.cgroup.cpu
    return wire.Cpu(
        cpu_usage=wire.CpuUsage(
            found.usage_ns, list(found.per_cpu_ns) or UNSET, found.system_ns, found.user_ns
        ),
        system_cpu_usage=usage.system_cpu_ns,
        online_cpus=usage.online_cpus,
        throttling_data=wire.Throttling(found.periods, found.throttled_periods, found.throttled_ns),
    )


def memory(usage: Usage, host_bytes: int) -> wire.Memory:
    """Memory; without a limit the host's size is one."""
    found = usage.cgroup.memory
    limit = found.limit_bytes
    return wire.Memory(
        usage=found.usage_bytes,
        max_usage=found.max_usage_bytes,
        stats=dict(found.details),
        failcnt=found.failures,
        limit=limit if 0 < limit < host_bytes else host_bytes,
    )


def block(usage: Usage) -> wire.Block:
    """Block devices; v1's other counters are empty lists, v2 has null there."""
    rest: list[wire.BlockEntry] | None = None if usage.cgroup.unified else []
    return wire.Block(
        _entries(usage.cgroup.block_bytes),
        _entries(usage.cgroup.block_operations),
        *([rest] * 6),
    )


def _entries(found: tuple[BlockStats, ...]) -> list[wire.BlockEntry]:
    return [wire.BlockEntry(one.major, one.minor, one.operation, one.value) for one in found]
