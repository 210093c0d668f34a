"""Containers as documents: the create request, inspect, the list, and the small answers."""

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType, field

from gorae.wire.hostconfig import HostConfig
from gorae.wire.mount import MountPoint
from gorae.wire.network import ListNetworkSettings, NetworkingConfig, NetworkSettings

Strings = list[str] | None
Words = str | list[str] | None
"""A command: a list, or one word."""


class Healthcheck(Struct, rename="pascal", omit_defaults=True):
    """Times in ns."""

    test: list[str] = field(default_factory=list)
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0
    on_failure: str = ""
    """gorae's own: none, kill, restart or stop."""


class Config(Struct, rename="pascal"):
    """What runs, whatever the host."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: dict[str, Any] | UnsetType = UNSET
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: Strings = None
    cmd: Words = None
    healthcheck: Healthcheck | UnsetType = UNSET
    args_escaped: bool | UnsetType = UNSET
    image: str = ""
    volumes: dict[str, Any] | None = None
    working_dir: str = ""
    entrypoint: Words = None
    network_disabled: bool | UnsetType = UNSET
    mac_address: str | UnsetType = UNSET
    on_build: Strings = None
    labels: dict[str, str] | None = None
    stop_signal: str | UnsetType = UNSET
    stop_timeout: int | UnsetType = UNSET
    shell: list[str] | UnsetType = UNSET


class ContainerCreate(Config, rename="pascal"):
    """The request to make a container; it is kept with the daemon's defaults filled in."""

    host_config: HostConfig = field(default_factory=HostConfig)
    networking_config: NetworkingConfig = field(default_factory=NetworkingConfig)


class StoredRequest(Struct, rename="pascal"):
    """What inspect takes from the kept request, as it stands."""

    host_config: Raw = Raw(b"{}")


class ContainerCreated(Struct, rename="pascal"):
    """The answer to create."""

    id: str
    warnings: list[str]


class HealthResult(Struct, rename="pascal"):
    """One probe."""

    start: str
    end: str
    exit_code: int
    output: str


class Health(Struct, rename="pascal"):
    """The health check's state."""

    status: str
    failing_streak: int
    log: list[HealthResult]


class State(Struct, rename="pascal"):
    """A container's state."""

    status: str
    running: bool
    paused: bool
    restarting: bool
    oom_killed: bool = field(name="OOMKilled")
    dead: bool
    pid: int
    exit_code: int
    error: str
    started_at: str
    finished_at: str
    health: Health | UnsetType = UNSET


class GraphDriver(Struct, rename="pascal"):
    """Where the root filesystem comes from."""

    data: dict[str, str] | None
    name: str


class ContainerInspect(Struct, rename="pascal"):
    """All about a container."""

    id: str
    created: str
    path: str
    args: list[str]
    state: State
    image: str
    resolv_conf_path: str
    hostname_path: str
    hosts_path: str
    log_path: str
    name: str
    restart_count: int
    driver: str
    platform: str
    mount_label: str
    process_label: str
    app_armor_profile: str
    exec_ids: Strings = field(name="ExecIDs")
    host_config: Raw
    graph_driver: GraphDriver
    size_rw: int | UnsetType = UNSET
    size_root_fs: int | UnsetType = UNSET
    mounts: list[MountPoint] = field(default_factory=list)
    config: Config = field(default_factory=Config)
    network_settings: NetworkSettings = field(default_factory=NetworkSettings)


class Port(Struct):
    """A port in a list; without `public_port` it is only exposed."""

    ip: str | UnsetType = field(name="IP")
    private_port: int = field(name="PrivatePort")
    public_port: int | UnsetType = field(name="PublicPort")
    type: str = field(name="Type")


class ListHostConfig(Struct, rename="pascal"):
    """What a list tells of HostConfig."""

    network_mode: str
    annotations: dict[str, str] | UnsetType = UNSET


class ContainerSummary(Struct, rename="pascal"):
    """A container in a list. `created` in seconds."""

    id: str
    names: list[str]
    image: str
    image_id: str = field(name="ImageID")
    command: str
    created: int
    ports: list[Port]
    size_rw: int | UnsetType
    size_root_fs: int | UnsetType
    labels: dict[str, str]
    state: str
    status: str
    host_config: ListHostConfig
    network_settings: ListNetworkSettings
    mounts: list[MountPoint]


class WaitError(Struct, rename="pascal"):
    """What kept a container from starting."""

    message: str


class Waited(Struct, rename="pascal"):
    """The answer to wait."""

    error: WaitError | UnsetType
    status_code: int


class Top(Struct, rename="pascal"):
    """What `ps` says."""

    processes: list[list[str]]
    titles: list[str]


class Change(Struct, rename="pascal"):
    """A changed path: kind 0 modified, 1 added, 2 deleted."""

    path: str
    kind: int


class ContainersPruned(Struct, rename="pascal"):
    """The ids that went, and bytes freed."""

    containers_deleted: Strings
    space_reclaimed: int


class IdResponse(Struct, rename="pascal"):
    """An answer that is an id."""

    id: str
