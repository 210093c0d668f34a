"""HostConfig: what a container is given of the host. Fields in dockerd's order; UNSET is left out.

Zero values mean "not asked for". Null and [] are told apart, since inspect gives back what it was
given.
"""

from msgspec import UNSET, Struct, UnsetType, field

from gorae.wire.mount import Mount

Strings = list[str] | None


class LogConfig(Struct, rename="pascal"):
    """The log driver and its options."""

    type: str = ""
    config: dict[str, str] | None = None


class RestartPolicy(Struct, rename="pascal"):
    """When to start again."""

    name: str = ""
    maximum_retry_count: int = 0


class PortBinding(Struct, rename="pascal"):
    """Where a port is published; HostPort a number, a range `90-95`, or "" for any."""

    host_ip: str = ""
    host_port: str = ""


class WeightDevice(Struct, rename="pascal"):
    """A block device's weight."""

    path: str = ""
    weight: int = 0


class ThrottleDevice(Struct, rename="pascal"):
    """A block device's limit per second."""

    path: str = ""
    rate: int = 0


class DeviceMapping(Struct, rename="pascal"):
    """A device of the host."""

    path_on_host: str = ""
    path_in_container: str = ""
    cgroup_permissions: str = ""


class DeviceRequest(Struct, rename="pascal"):
    """Devices by driver (`--gpus`, CDI)."""

    driver: str = ""
    count: int = 0
    device_ids: Strings = field(default=None, name="DeviceIDs")
    capabilities: list[list[str]] | None = None
    options: dict[str, str] | None = None


class Ulimit(Struct, rename="pascal"):
    """A resource limit; -1 is unlimited."""

    name: str = ""
    hard: int = 0
    soft: int = 0


class HostConfig(Struct, rename="pascal"):
    """All of it; `update` sends limits and restart policy alone. Bytes, µs, 1e-9 processors."""

    binds: Strings = None
    container_id_file: str = field(default="", name="ContainerIDFile")
    log_config: LogConfig = field(default_factory=LogConfig)
    network_mode: str = ""
    port_bindings: dict[str, list[PortBinding] | None] | None = None
    restart_policy: RestartPolicy = field(default_factory=RestartPolicy)
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: Strings = None
    console_size: list[int] = field(default_factory=lambda: [0, 0])
    annotations: dict[str, str] | UnsetType = UNSET
    cap_add: Strings = None
    cap_drop: Strings = None
    cgroupns_mode: str = ""
    dns: Strings = None
    dns_options: Strings = None
    dns_search: Strings = None
    extra_hosts: Strings = None
    group_add: Strings = None
    ipc_mode: str = ""
    cgroup: str = ""
    links: Strings = None
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: Strings = None
    storage_opt: dict[str, str] | UnsetType = UNSET
    tmpfs: dict[str, str] | UnsetType = UNSET
    uts_mode: str = field(default="", name="UTSMode")
    userns_mode: str = ""
    shm_size: int = 0
    sysctls: dict[str, str] | UnsetType = UNSET
    runtime: str = ""
    isolation: str = ""
    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    cgroup_parent: str = ""
    blkio_weight: int = 0
    blkio_weight_device: list[WeightDevice] | None = None
    blkio_device_read_bps: list[ThrottleDevice] | None = None
    blkio_device_write_bps: list[ThrottleDevice] | None = None
    blkio_device_read_iops: list[ThrottleDevice] | None = field(
        default=None, name="BlkioDeviceReadIOps"
    )
    blkio_device_write_iops: list[ThrottleDevice] | None = field(
        default=None, name="BlkioDeviceWriteIOps"
    )
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_realtime_period: int = 0
    cpu_realtime_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    devices: list[DeviceMapping] | None = None
    device_cgroup_rules: Strings = None
    device_requests: list[DeviceRequest] | None = None
    kernel_memory: int | UnsetType = UNSET
    kernel_memory_tcp: int | UnsetType = field(default=UNSET, name="KernelMemoryTCP")
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    oom_kill_disable: bool | None = None
    pids_limit: int | None = None
    ulimits: list[Ulimit] | None = None
    cpu_count: int = 0
    cpu_percent: int = 0
    io_maximum_iops: int = field(default=0, name="IOMaximumIOps")
    io_maximum_bandwidth: int = field(default=0, name="IOMaximumBandwidth")
    mounts: list[Mount] | UnsetType = UNSET
    masked_paths: Strings = None
    readonly_paths: Strings = None
    init: bool | UnsetType = UNSET


class Updated(Struct, rename="pascal"):
    """The answer."""

    warnings: list[str] | None = None
