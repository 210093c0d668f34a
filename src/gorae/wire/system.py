"""The daemon about itself, as documents."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from gorae.wire.container import ContainerSummary
from gorae.wire.image import ImageSummary
from gorae.wire.volume import Volume

Strings = list[str] | None


class ErrorMessage(Struct):
    """Every error."""

    message: str


class Component(Struct, rename="pascal"):
    """A part of the engine."""

    name: str
    version: str
    details: dict[str, str] | UnsetType = UNSET


class Platform(Struct, rename="pascal"):
    """The product's name."""

    name: str = ""


class Version(Struct, rename="pascal"):
    """The answer to version."""

    platform: Platform
    components: list[Component]
    version: str
    api_version: str
    min_api_version: str = field(name="MinAPIVersion")
    git_commit: str
    go_version: str
    os: str
    arch: str
    kernel_version: str
    experimental: bool | UnsetType
    build_time: str


class Plugins(Struct, rename="pascal"):
    """Drivers by kind."""

    volume: list[str]
    network: list[str]
    authorization: Strings
    log: list[str]


class IndexConfig(Struct, rename="pascal"):
    """A registry."""

    mirrors: list[str]
    name: str
    official: bool
    secure: bool


class RegistryConfig(Struct, rename="pascal"):
    """Registries."""

    index_configs: dict[str, IndexConfig]
    insecure_registry_cidrs: list[str] = field(name="InsecureRegistryCIDRs")
    mirrors: Strings = None


class Runtime(Struct):
    """An OCI runtime."""

    path: str
    runtime_args: list[str] | UnsetType = field(default=UNSET, name="runtimeArgs")


class Swarm(Struct, rename="pascal"):
    """Always inactive."""

    node_id: str = field(default="", name="NodeID")
    node_addr: str = ""
    local_node_state: str = "inactive"
    control_available: bool = False
    error: str = ""
    remote_managers: Any = None


class Commit(Struct):
    """A component's version."""

    id: str = field(default="", name="ID")


class FirewallBackend(Struct, rename="pascal"):
    """What programs the firewall."""

    driver: str


class Containerd(Struct, rename="pascal"):
    """No such daemon here; the field is there for those who read it."""

    address: str = ""
    namespaces: dict[str, str] = field(default_factory=dict)


class Info(Struct, rename="pascal"):
    """The answer to info, in dockerd's order."""

    id: str = field(name="ID")
    containers: int
    containers_running: int
    containers_paused: int
    containers_stopped: int
    images: int
    driver: str
    driver_status: list[tuple[str, str]]
    plugins: Plugins
    memory_limit: bool
    swap_limit: bool
    kernel_memory_tcp: bool = field(name="KernelMemoryTCP")
    cpu_cfs_period: bool
    cpu_cfs_quota: bool
    cpu_shares: bool = field(name="CPUShares")
    cpu_set: bool = field(name="CPUSet")
    pids_limit: bool
    ipv4_forwarding: bool = field(name="IPv4Forwarding")
    debug: bool
    n_fd: int = field(name="NFd")
    oom_kill_disable: bool
    n_goroutines: int = field(name="NGoroutines")
    system_time: str
    logging_driver: str
    cgroup_driver: str
    cgroup_version: str
    n_events_listener: int = field(name="NEventsListener")
    kernel_version: str
    operating_system: str
    os_version: str = field(name="OSVersion")
    os_type: str = field(name="OSType")
    architecture: str
    index_server_address: str
    registry_config: RegistryConfig
    n_cpu: int = field(name="NCPU")
    mem_total: int
    generic_resources: Any
    docker_root_dir: str
    http_proxy: str
    https_proxy: str
    no_proxy: str
    name: str
    labels: list[str]
    experimental_build: bool
    server_version: str
    runtimes: dict[str, Runtime]
    default_runtime: str
    swarm: Swarm
    live_restore_enabled: bool
    isolation: str
    init_binary: str
    containerd_commit: Commit
    runc_commit: Commit
    init_commit: Commit
    security_options: list[str]
    firewall_backend: FirewallBackend
    cdi_spec_dirs: list[str] = field(name="CDISpecDirs")
    containerd: Containerd
    warnings: Strings


class Auth(Struct):
    """Credentials, as login sends them."""

    username: str = ""
    password: str = ""
    email: str = ""
    serveraddress: str = ""
    auth: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


class AuthAnswer(Struct, rename="pascal"):
    """The answer to login."""

    status: str
    identity_token: str = ""


class BuildCacheRecord(Struct, rename="pascal"):
    """One record of the build cache."""

    id: str = field(name="ID")
    parents: list[str] | None
    type: str
    description: str
    in_use: bool
    shared: bool
    size: int
    created_at: str
    last_used_at: str | None
    usage_count: int


class DiskUsage(Struct, rename="pascal"):
    """What takes space, in bytes; kinds that were not asked for are null."""

    layers_size: int
    images: list[ImageSummary] | None = None
    containers: list[ContainerSummary] | None = None
    volumes: list[Volume] | None = None
    build_cache: list[BuildCacheRecord] | None = None


class PlanItem(Struct, rename="pascal"):
    """One thing that a prune would take. `size` -1: not measured yet; `last_used` empty: not known."""

    type: str
    id: str = field(name="ID")
    name: str
    reason: str
    size: int
    last_used: str


class PrunePlan(Struct, rename="pascal"):
    """A prune before it is done. `kept`: it can be brought back for `hours` and frees nothing before."""

    items: list[PlanItem]
    size: int
    kept: bool
    hours: float


class LedgerLine(Struct, rename="pascal"):
    """One owner's bytes. `measured` empty: counted when it was stored."""

    type: str
    owner: str
    reason: str
    size: int
    last_used: str
    measured: str


class BinEntry(Struct, rename="pascal"):
    """Something that was removed and can be brought back. `size` -1: not measured yet."""

    token: str
    batch: str
    type: str
    id: str = field(name="ID")
    name: str
    size: int
    removed: str


class Restored(Struct, rename="pascal"):
    """Something that was brought back."""

    type: str
    name: str


class Emptied(Struct, rename="pascal"):
    """Bytes that are free now."""

    space_reclaimed: int


class Finding(Struct, rename="pascal"):
    """One thing that `system check` found. `repaired`: it is in order now."""

    kind: str
    object: str
    problem: str
    repaired: bool = False


class CheckReport(Struct, rename="pascal"):
    """The answer to a check."""

    findings: list[Finding]
