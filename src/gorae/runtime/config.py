"""What a container is, for the runtime: plain values, in kernel terms and units.

The engine makes these from its own records and the image; `runtime.spec` turns them, with the facts of the
host, into the OCI `config.json`. Nothing here is Docker's JSON. Zero, None and empty mean "not asked for".
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """Numbers, already looked up inside the root filesystem."""

    uid: int = 0
    gid: int = 0
    additional_gids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rlimit:
    """`name` without the RLIMIT_ prefix, lower case (`nofile`); -1 is unlimited."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Process:
    """One program to start: a container's first or an exec's."""

    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    user: User = User()
    terminal: bool = False
    console_size: tuple[int, int] | None = None
    """(rows, columns)."""
    capabilities: tuple[str, ...] = ()
    """Effective, permitted and bounding set, as CAP_… names; inheritable and ambient stay empty."""
    no_new_privileges: bool = False
    rlimits: tuple[Rlimit, ...] = ()
    oom_score_adj: int | None = None
    apparmor_profile: str = ""
    selinux_label: str = ""


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A mount wanted inside the container, beyond the standard ones (/proc, /dev, /sys ...).

    `type` is `bind` or `tmpfs`; `source` an absolute host path for `bind`. `options` are fstab words
    (`ro`, `nosuid`, `size=…`); `propagation` one of private, rprivate, shared, rshared, slave, rslave.
    """

    type: str
    source: str
    target: str
    readonly: bool = False
    propagation: str = "rprivate"
    recursive: bool = True
    readonly_recursive: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A device node of the host given to the container; `permissions` of the letters r, w, m."""

    path_on_host: str
    path_in_container: str
    permissions: str = "rwm"


@dataclass(frozen=True, slots=True)
class DeviceWish:
    """Devices by driver: of `cdi` their qualified names; of others a number (-1: all) or ids, and what they can do."""

    driver: str
    ids: tuple[str, ...] = ()
    count: int = 0
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hook:
    """A program of the host that the runtime runs at a stage: createRuntime, createContainer, startContainer ..."""

    stage: str
    path: str
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    timeout_s: int = 0


@dataclass(frozen=True, slots=True)
class BlkioDevice:
    """A limit or weight for one block device: bytes per second, operations per second or weight."""

    path: str
    value: int


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits as asked for. `runtime.resources` says which of them the host can enforce.

    Units: bytes; cpu quota, period and realtime values in microseconds; -1 in `memory_swap_bytes` and
    `pids` is unlimited.
    """

    memory_bytes: int = 0
    memory_swap_bytes: int = 0
    memory_reservation_bytes: int = 0
    kernel_memory_tcp_bytes: int = 0
    memory_swappiness: int | None = None
    oom_kill_disable: bool = False
    cpu_shares: int = 0
    cpu_quota_us: int = 0
    cpu_period_us: int = 0
    cpu_realtime_period_us: int = 0
    cpu_realtime_runtime_us: int = 0
    nano_cpus: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    pids: int | None = None
    blkio_weight: int = 0
    blkio_weight_devices: tuple[BlkioDevice, ...] = ()
    blkio_read_bps: tuple[BlkioDevice, ...] = ()
    blkio_write_bps: tuple[BlkioDevice, ...] = ()
    blkio_read_iops: tuple[BlkioDevice, ...] = ()
    blkio_write_iops: tuple[BlkioDevice, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    """As the kernel writes them: `c 13:* rwm`."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """For each kind: `private`, `host`, or a path of a namespace to join."""

    pid: str = "private"
    ipc: str = "private"
    uts: str = "private"
    cgroup: str = "private"
    user: str = "host"
    network: str = "private"


@dataclass(frozen=True, slots=True)
class Seccomp:
    """`default` (docker's profile), `unconfined`, or `custom` with the profile's JSON text (docker's form)."""

    kind: str = "default"
    profile: str = ""


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """All that the runtime needs to make a container of a mounted root filesystem."""

    id: str
    rootfs: str
    process: Process
    readonly_rootfs: bool = False
    hostname: str = ""
    domainname: str = ""
    mounts: tuple[MountPoint, ...] = ()
    devices: tuple[Device, ...] = ()
    resources: Resources = Resources()
    namespaces: Namespaces = Namespaces()
    seccomp: Seccomp = Seccomp()
    privileged: bool = False
    masked_paths: tuple[str, ...] | None = None
    """None: docker's default list."""
    readonly_paths: tuple[str, ...] | None = None
    sysctls: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    shm_size_bytes: int = 64 << 20
    shm_source: str = ""
    """Host path of another container's /dev/shm, with `ipc` joined; empty: a tmpfs of its own."""
    init_path: str = ""
    """Host path of a static init to put before the command; empty: none."""
    hooks: tuple[Hook, ...] = ()
    runtime: str = ""
    """The OCI runtime's name; empty: the daemon's."""
    cgroup_path: str = ""
    """Path of the container's cgroup below the hierarchy's root, e.g. `/gorae/<id>`."""
