"""A container's counters as a document. Bytes, ns, counts."""

from msgspec import UNSET, Struct, UnsetType, field


class Pids(Struct, omit_defaults=True):
    """Tasks."""

    current: int = 0
    limit: int = 0


class BlockEntry(Struct):
    """One device's counter."""

    major: int
    minor: int
    op: str
    value: int


Entries = list[BlockEntry] | None


class Block(Struct):
    """Block devices; null where nothing was read."""

    io_service_bytes_recursive: Entries = None
    io_serviced_recursive: Entries = None
    io_queue_recursive: Entries = None
    io_service_time_recursive: Entries = None
    io_wait_time_recursive: Entries = None
    io_merged_recursive: Entries = None
    io_time_recursive: Entries = None
    sectors_recursive: Entries = None


class CpuUsage(Struct):
    """ns."""

    total_usage: int = 0
    percpu_usage: list[int] | UnsetType = UNSET
    usage_in_kernelmode: int = 0
    usage_in_usermode: int = 0


class Throttling(Struct):
    """Of the quota."""

    periods: int = 0
    throttled_periods: int = 0
    throttled_time: int = 0


class Cpu(Struct):
    """Processors."""

    cpu_usage: CpuUsage = field(default_factory=CpuUsage)
    system_cpu_usage: int | UnsetType = UNSET
    online_cpus: int | UnsetType = UNSET
    throttling_data: Throttling = field(default_factory=Throttling)


class Memory(Struct, omit_defaults=True):
    """Memory."""

    usage: int = 0
    max_usage: int = 0
    stats: dict[str, int] = field(default_factory=dict)
    failcnt: int = 0
    limit: int = 0


class Interface(Struct):
    """A network interface, from the container's side."""

    rx_bytes: int
    rx_packets: int
    rx_errors: int
    rx_dropped: int
    tx_bytes: int
    tx_packets: int
    tx_errors: int
    tx_dropped: int


class Nothing(Struct):
    """Windows' part."""


class Stats(Struct):
    """One reading, and the one before (`precpu_stats`) for rates."""

    name: str
    id: str
    read: str
    preread: str
    pids_stats: Pids = field(default_factory=Pids)
    blkio_stats: Block = field(default_factory=Block)
    num_procs: int = 0
    storage_stats: Nothing = field(default_factory=Nothing)
    cpu_stats: Cpu = field(default_factory=Cpu)
    precpu_stats: Cpu = field(default_factory=Cpu)
    memory_stats: Memory = field(default_factory=Memory)
    networks: dict[str, Interface] | UnsetType = UNSET
