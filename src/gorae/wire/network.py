"""Networks and endpoints as documents."""

from typing import Any

from msgspec import Struct, field


class IpamConfigOfEndpoint(Struct, omit_defaults=True):
    """The addresses that were asked for."""

    ipv4_address: str = field(default="", name="IPv4Address")
    ipv6_address: str = field(default="", name="IPv6Address")
    link_local_ips: list[str] = field(default_factory=list, name="LinkLocalIPs")


class EndpointSettings(Struct, rename="pascal"):
    """A container's attachment to one network: what was asked, then what came of it."""

    ipam_config: IpamConfigOfEndpoint | None = field(default=None, name="IPAMConfig")
    links: list[str] | None = None
    aliases: list[str] | None = None
    mac_address: str = ""
    driver_opts: dict[str, str] | None = None
    gw_priority: int = 0
    network_id: str = field(default="", name="NetworkID")
    endpoint_id: str = field(default="", name="EndpointID")
    gateway: str = ""
    ip_address: str = field(default="", name="IPAddress")
    ip_prefix_len: int = field(default=0, name="IPPrefixLen")
    ipv6_gateway: str = field(default="", name="IPv6Gateway")
    global_ipv6_address: str = field(default="", name="GlobalIPv6Address")
    global_ipv6_prefix_len: int = field(default=0, name="GlobalIPv6PrefixLen")
    dns_names: list[str] | None = field(default=None, name="DNSNames")


class NetworkingConfig(Struct, rename="pascal"):
    """Networks to attach to at create; null asks for the defaults."""

    endpoints_config: dict[str, EndpointSettings | None] | None = None


class IpamPool(Struct, rename="pascal", omit_defaults=True):
    """One address pool."""

    subnet: str = ""
    ip_range: str = field(default="", name="IPRange")
    gateway: str = ""
    auxiliary_addresses: dict[str, str] = field(default_factory=dict)


class Ipam(Struct, rename="pascal"):
    """How addresses are given out."""

    driver: str = "default"
    options: dict[str, str] | None = None
    config: list[IpamPool] | None = None


class ConfigReference(Struct, rename="pascal"):
    """Swarm's; always empty here."""

    network: str = ""


class NetworkContainer(Struct, rename="pascal"):
    """A running container on a network. Addresses with their prefix length."""

    name: str
    endpoint_id: str = field(default="", name="EndpointID")
    mac_address: str = ""
    ipv4_address: str = field(default="", name="IPv4Address")
    ipv6_address: str = field(default="", name="IPv6Address")


class NetworkInspect(Struct, rename="pascal"):
    """A network."""

    name: str
    id: str
    created: str
    scope: str
    driver: str
    enable_ipv4: bool = field(name="EnableIPv4")
    enable_ipv6: bool = field(name="EnableIPv6")
    ipam: Ipam = field(name="IPAM")
    internal: bool
    attachable: bool
    ingress: bool = False
    config_from: ConfigReference = field(default_factory=ConfigReference)
    config_only: bool = False
    containers: dict[str, NetworkContainer] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


class NetworkCreate(Struct, rename="pascal"):
    """The request to make a network."""

    name: str = ""
    driver: str = ""
    scope: str = ""
    check_duplicate: bool = False
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    config_only: bool = False
    config_from: ConfigReference | None = None
    enable_ipv4: bool | None = field(default=None, name="EnableIPv4")
    enable_ipv6: bool | None = field(default=None, name="EnableIPv6")
    ipam: Ipam | None = field(default=None, name="IPAM")
    options: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class NetworkCreated(Struct, rename="pascal"):
    """The answer."""

    id: str
    warning: str = ""


class NetworkConnect(Struct, rename="pascal"):
    """The request to attach a container."""

    container: str = ""
    endpoint_config: EndpointSettings | None = None


class NetworkDisconnect(Struct, rename="pascal"):
    """The request to take a container off."""

    container: str = ""
    force: bool = False


class NetworksPruned(Struct, rename="pascal"):
    """The names that went."""

    networks_deleted: list[str] | None = None


class Address(Struct, rename="pascal"):
    """An address of a container's secondary list."""

    addr: str = ""
    prefix_len: int = 0


class NetworkSettings(Struct, rename="pascal"):
    """What inspect tells of a container's networks; addresses on top are the default bridge's."""

    bridge: str = ""
    sandbox_id: str = field(default="", name="SandboxID")
    sandbox_key: str = ""
    ports: dict[str, Any] = field(default_factory=dict)
    hairpin_mode: bool = False
    link_local_ipv6_address: str = field(default="", name="LinkLocalIPv6Address")
    link_local_ipv6_prefix_len: int = field(default=0, name="LinkLocalIPv6PrefixLen")
    secondary_ip_addresses: list[Address] | None = field(default=None, name="SecondaryIPAddresses")
    secondary_ipv6_addresses: list[Address] | None = field(
        default=None, name="SecondaryIPv6Addresses"
    )
    endpoint_id: str = field(default="", name="EndpointID")
    gateway: str = ""
    global_ipv6_address: str = field(default="", name="GlobalIPv6Address")
    global_ipv6_prefix_len: int = field(default=0, name="GlobalIPv6PrefixLen")
    ip_address: str = field(default="", name="IPAddress")
    ip_prefix_len: int = field(default=0, name="IPPrefixLen")
    ipv6_gateway: str = field(default="", name="IPv6Gateway")
    mac_address: str = ""
    networks: dict[str, EndpointSettings] = field(default_factory=dict)


class ListNetworkSettings(Struct, rename="pascal"):
    """The same in a list."""

    networks: dict[str, EndpointSettings] = field(default_factory=dict)
