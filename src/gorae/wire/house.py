"""gorae's own documents about containers: how they ended, how they are reached, what is to be changed."""

from msgspec import Struct, field

from gorae.wire.hostconfig import PortBinding
from gorae.wire.mount import Mount


class HealthResult(Struct, rename="pascal"):
    """One result of a health check."""

    start: str
    end: str
    exit_code: int
    output: str


class Victim(Struct, rename="pascal"):
    """What the kernel killed for memory."""

    pid: int
    command: str
    memory: int


class Why(Struct, rename="pascal"):
    """How a container ended. Memory in bytes."""

    id: str = field(name="ID")
    name: str = ""
    image: str = ""
    reason: str = ""
    exit_code: int = 0
    signal: str = ""
    oom_killed: bool = field(default=False, name="OOMKilled")
    memory_limit: int = 0
    memory_peak: int = 0
    victim: Victim | None = None
    error: str = ""
    started_at: str = ""
    finished_at: str = ""
    restart_count: int = 0
    lines: list[str] = []
    health: str = ""
    health_log: list[HealthResult] = []


class Seen(Struct, rename="pascal"):
    """A connection that comes in by an interface: open, blocked or depends."""

    interface: str
    verdict: str
    rule: str = ""


class PortReport(Struct, rename="pascal"):
    """One published port. `how`: dnat, relay or nowhere."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str
    target: str
    how: str
    obeys_host_rules: bool
    keeps_client_address: bool
    seen: list[Seen]


class PortDoctor(Struct, rename="pascal"):
    """All ports of a container."""

    mode: str
    ports: list[PortReport]


class Section(Struct, rename="pascal"):
    """A title and what stands under it."""

    title: str
    lines: list[str]


class Explained(Struct, rename="pascal"):
    """How packets reach a container and leave it."""

    sections: list[Section]


class ContainerSet(Struct, rename="pascal"):
    """What is to be changed. `unpublish`: `9000`, `9000:80`, `:80/udp`."""

    publish: dict[str, list[PortBinding] | None] | None = None
    unpublish: list[str] | None = None
    labels: dict[str, str] | None = None
    unlabel: list[str] | None = None
    binds: list[str] | None = None
    mounts: list[Mount] | None = None
    env: list[str] | None = None
    unset_env: list[str] | None = None
    unmount: list[str] | None = None


class ContainerSetDone(Struct, rename="pascal"):
    """What is so now, and what waits for the next start."""

    now: list[str]
    next_start: list[str]
