"""What a container was asked to be (`ContainerSpec`) and what it is (`ContainerState`): plain values.

A spec is made once, at create, and changed only by update, rename and connect. Before `engine.merge` a field
that is None (entrypoint, cmd, ...) means "as the image says"; afterwards the spec is complete. Words and units are
the kernel's and ours; Docker's JSON names exist only in `wire`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gorae.runtime.config import Device, DeviceWish, Resources, Rlimit


class Status(StrEnum):
    """The states of a container, in Docker's words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """`name`: no, always, unless-stopped or on-failure; `max_retries` counts for on-failure only (0: no end)."""

    name: str = "no"
    max_retries: int = 0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """`test` is the API's form: () as the image says, ("NONE",), ("CMD", ...) or ("CMD-SHELL", line). Times in ns."""

    test: tuple[str, ...] = ()
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0
    on_failure: str = "none"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`driver` as asked for; "" is the daemon's default."""

    driver: str = ""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortBinding:
    """A wish to publish: `container_port`/`protocol` at `host_ip`, first free of host_port..host_port_end (0: any)."""

    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int = 0
    host_port_end: int = 0


@dataclass(frozen=True, slots=True)
class MountRequest:
    """One mount asked for, whichever flag it came from.

    `kind`: bind, volume, tmpfs or image. `source`: absolute host path, volume name ("" is anonymous) or image.
    `legacy` tells `-v` (creates a missing bind source) from `--mount` (refuses). `options` are the raw words after
    the second colon of `-v`, or tmpfs options.
    """

    kind: str
    target: str
    source: str = ""
    readonly: bool = False
    legacy: bool = False
    propagation: str = ""
    recursive: bool = True
    readonly_mode: str = ""
    """bind-recursive of --mount: "", writable or readonly."""
    create_source: bool = False
    nocopy: bool = False
    subpath: str = ""
    driver: str = ""
    driver_options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    tmpfs_size_bytes: int = 0
    tmpfs_mode: int = 0
    options: tuple[str, ...] = ()
    idmap: str = ""
    """Of a bind: "" as the caller is, auto, only, none or HOST:CONTAINER:COUNT."""


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """An attachment wanted: `network` by name or id."""

    network: str
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    ip: str = ""
    ip6: str = ""
    mac: str = ""
    driver_options: dict[str, str] = field(default_factory=dict)
    gateway_priority: int = 0
    link_local: tuple[str, ...] = ()
    connected: bool = False
    """Asked for by `network connect`: inspect shows what was left open as empty, not as null."""


@dataclass(frozen=True, slots=True)
class SecurityOptions:
    """`--security-opt`, parsed. `seccomp`: "" default, "unconfined", or the profile's JSON text."""

    seccomp: str = ""
    no_new_privileges: bool = False
    apparmor: str = ""
    label: tuple[str, ...] = ()
    systempaths_unconfined: bool = False


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """All that was asked of a container; see the module's docstring for None."""

    image: str
    image_id: str = ""
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    env: tuple[str, ...] = ()
    """`NAME=value`, or `NAME` alone, which takes the variable away."""
    working_dir: str = ""
    user: str = ""
    hostname: str = ""
    domainname: str = ""
    mac_address: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    console_size: tuple[int, int] | None = None
    """(rows, columns)."""
    stop_signal: str = ""
    stop_timeout_s: int | None = None
    shell: tuple[str, ...] = ()
    health: HealthCheck | None = None
    volumes: tuple[str, ...] = ()
    """Paths of anonymous volumes (`VOLUME`, `-v /path`)."""
    exposed_ports: tuple[str, ...] = ()
    """`80/tcp`."""

    mounts: tuple[MountRequest, ...] = ()
    volumes_from: tuple[str, ...] = ()
    volume_driver: str = ""
    ports: tuple[PortBinding, ...] = ()
    publish_all: bool = False
    network_mode: str = "default"
    """default, bridge, host, none, container:REF, or a network's name."""
    networks: tuple[NetworkRequest, ...] = ()
    links: tuple[str, ...] = ()
    """`NAME:ALIAS`, default bridge."""
    extra_hosts: tuple[str, ...] = ()
    """`NAME:ADDRESS`; ADDRESS may be host-gateway."""
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    restart: RestartPolicy = RestartPolicy()
    auto_remove: bool = False
    log: LogConfig = LogConfig()

    ipc_mode: str = ""
    """"", private, shareable, host, none, container:REF."""
    pid_mode: str = ""
    uts_mode: str = ""
    userns_mode: str = ""
    cgroupns_mode: str = ""
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    security: SecurityOptions = SecurityOptions()
    masked_paths: tuple[str, ...] | None = None
    readonly_paths: tuple[str, ...] | None = None
    group_add: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    device_requests: tuple[DeviceWish, ...] = ()
    ulimits: tuple[Rlimit, ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)
    shm_size_bytes: int = 0
    tmpfs: dict[str, str] = field(default_factory=dict)
    """Target -> comma-separated options (`--tmpfs`)."""
    readonly_rootfs: bool = False
    init: bool | None = None
    oom_score_adj: int = 0
    cgroup_parent: str = ""
    platform: str = ""
    """The image is to be of it; empty: of any."""
    runtime: str = ""
    resources: Resources = Resources()
    storage_options: dict[str, str] = field(default_factory=dict)
    args_escaped: bool = False
    network_disabled: bool = False
    caller: tuple[int, int] | None = None
    """Uid and gid of the unprivileged client that asked for it; None: root, or not known."""
    on_build: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MountRecord:
    """A mount as it was resolved at create: what inspect calls a mount point."""

    kind: str
    target: str
    source: str
    """Host path; of a volume its `_data`; of an image the chain id of its layers."""
    name: str = ""
    """A volume's name, or an image as it was asked for."""
    driver: str = ""
    mode: str = ""
    readonly: bool = False
    propagation: str = ""
    anonymous: bool = False
    request: MountRequest | None = None


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """A container's attachment to one network, for inspect. Empty addresses: not attached now."""

    network: str
    network_id: str
    endpoint_id: str = ""
    interface: str = ""
    host_interface: str = ""
    mac: str = ""
    ip: str = ""
    prefix_len: int = 0
    gateway: str = ""
    ip6: str = ""
    prefix_len6: int = 0
    gateway6: str = ""
    request: NetworkRequest = NetworkRequest("")


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """A port that is published now."""

    container_port: int
    protocol: str
    host_ip: str
    host_port: int


@dataclass(frozen=True, slots=True)
class HealthProbe:
    """One result of a health check."""

    started_ns: int
    ended_ns: int
    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class HealthState:
    """`status`: none, starting, healthy or unhealthy; the last five probes."""

    status: str = "none"
    failing_streak: int = 0
    log: tuple[HealthProbe, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What is so now. Times in ns since the epoch, 0 is never."""

    status: Status = Status.CREATED
    pid: int = 0
    monitor_pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started_ns: int = 0
    finished_ns: int = 0
    restart_count: int = 0
    stopped_by_user: bool = False
    """A stop or kill asked for by a client: `unless-stopped` remembers it over a daemon restart."""
    health: HealthState = HealthState()
    endpoints: tuple[EndpointRecord, ...] = ()
    loose: bool = False
    """The last network was taken from it: it has none until its next start."""
    published: tuple[PublishedRecord, ...] = ()
    exec_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """A snapshot of a container's record, as readers get it; never changes under them."""

    id: str
    name: str
    created_ns: int
    spec: ContainerSpec
    state: ContainerState
    mounts: tuple[MountRecord, ...]
    request: str
    """The API's own create document; opaque to the engine."""
    path: str = ""
    """The program started, and its `args`."""
    args: tuple[str, ...] = ()
    log_path: str = ""
    hosts_path: str = ""
    hostname_path: str = ""
    resolv_conf_path: str = ""

    @property
    def short_id(self) -> str:
        """The first twelve digits."""
        return self.id[:12]


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to create."""

    id: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """The answer to wait; `error` says what kept a container from starting."""

    code: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What of a log is wanted. Times in ns, 0 is open; `tail` None is all."""

    stdout: bool = True
    stderr: bool = True
    follow: bool = False
    since_ns: int = 0
    until_ns: int = 0
    tail: int | None = None
    timestamps: bool = False
    details: bool = False


@dataclass(frozen=True, slots=True)
class AttachOptions:
    """Which streams an attach connects; `logs` replays what was written before, `stream` goes on live."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    stream: bool = True
    logs: bool = False


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """A further process in a container, as asked for."""

    cmd: tuple[str, ...]
    env: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    tty: bool = False
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    privileged: bool = False
    console_size: tuple[int, int] | None = None
    detach_keys: str = ""
    kill_on_disconnect: bool = False
    """It is ended, with all that it started, when its client goes away without detaching."""


@dataclass(frozen=True, slots=True)
class Exec:
    """A snapshot of an exec's record. `exit_code` None: not ended."""

    id: str
    container_id: str
    spec: ExecSpec
    running: bool = False
    exit_code: int | None = None
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an object. `kind`: container, image, network, volume, daemon, builder."""

    kind: str
    action: str
    id: str
    attributes: dict[str, str]
    time_ns: int
    scope: str = "local"
