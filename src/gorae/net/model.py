"""What a network, an endpoint and a published port are: plain values.

Addresses are text in canonical form, prefixes as `172.17.0.0/16`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Subnet:
    """One address pool of a network; `gateway` is the bridge's address in it."""

    prefix: str
    gateway: str
    ip_range: str = ""
    auxiliary: tuple[tuple[str, str], ...] = ()
    """(name, address) of what is not given to containers."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network to be made or found on this host. `bridge` is the link's name (15 bytes at most)."""

    id: str
    name: str
    driver: str = "bridge"
    bridge: str = ""
    subnets: tuple[Subnet, ...] = ()
    internal: bool = False
    ipv6: bool = False
    icc: bool = True
    masquerade: bool = True
    mtu: int = 1500
    parent: str = ""
    """macvlan: the host link it stands on, made where it says `PARENT.VLAN`; empty: one that leads nowhere."""
    mode: str = ""
    """macvlan: bridge, vepa, private or passthru."""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of the host that leads to a port of a container. `host_port` 0 asks for a free one."""

    protocol: str
    container_port: int
    host_port: int = 0
    host_ip: str = ""
    """Empty: all addresses, IPv4 and IPv6."""
    host_port_end: int = 0
    """With a range: the first free port from `host_port` to here."""


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """What a container asks of one network. `interface` is its name inside (`eth0`).

    `gateway`, `gateway6`: whether the network's gateway is the container's default one. `sysctls`: (path below
    /proc/sys/net, value).
    """

    network_id: str
    interface: str = "eth0"
    ip: str = ""
    ip6: str = ""
    mac: str = ""
    gateway: bool = True
    gateway6: bool = True
    sysctls: tuple[tuple[str, str], ...] = ()
    link_local: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A container's attachment to a network, as made."""

    network_id: str
    endpoint_id: str
    interface: str
    host_interface: str
    mac: str
    ip: str = ""
    prefix_len: int = 0
    gateway: str = ""
    ip6: str = ""
    prefix_len6: int = 0
    gateway6: str = ""
