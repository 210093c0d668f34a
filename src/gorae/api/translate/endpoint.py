"""Attachments to networks: requests as the engine's values, records as documents. Pure."""

from collections.abc import Mapping

from gorae.engine.model import ContainerSpec, EndpointRecord, NetworkRequest
from gorae.wire.network import EndpointSettings, IpamConfigOfEndpoint

SHARED = ("host", "none")
BRIDGE_NAMES = ("bridge", "default", "")


def requests(
    mode: str, endpoints: Mapping[str, EndpointSettings | None] | None, mac: str
) -> tuple[NetworkRequest, ...]:
    """The attachments of a new container: the mode's network first, then the others asked for.

    Empty where the mode is no network of one's own (`host`, `none`, `container:`).
    """
    if mode in SHARED or mode.startswith("container:"):
        return ()
    primary = "bridge" if mode in BRIDGE_NAMES else mode
    wanted: dict[str, EndpointSettings | None] = {primary: None}
    for name, settings in (endpoints or {}).items():
        wanted["bridge" if name in BRIDGE_NAMES else name] = settings
    return tuple(
        request(name, settings, mac if name == primary else "") for name, settings in wanted.items()
    )


def request(network: str, settings: EndpointSettings | None, mac: str = "") -> NetworkRequest:
    """One attachment."""
    if settings is None:
        return NetworkRequest(network, mac=mac)
    addresses = settings.ipam_config or IpamConfigOfEndpoint()
    return NetworkRequest(
        network,
        aliases=tuple(settings.aliases or ()),
        links=tuple(settings.links or ()),
        ip=addresses.ipv4_address,
        ip6=addresses.ipv6_address,
        mac=settings.mac_address or mac,
        driver_options=dict(settings.driver_opts or {}),
        gateway_priority=settings.gw_priority,
        link_local=tuple(addresses.link_local_ips or ()),
    )


def planned(spec: ContainerSpec, names: tuple[str, ...]) -> dict[str, EndpointSettings]:
    """What inspect tells of the networks of a container that never ran; `names` are its DNS names."""
    if spec.network_mode in SHARED:
        return {spec.network_mode: EndpointSettings()}
    return {one.network: planned_one(one, names) for one in spec.networks}


def planned_one(one: NetworkRequest, names: tuple[str, ...]) -> EndpointSettings:
    """An attachment that is to come; one that was connected knows its names already."""
    found = _asked(one)
    if one.connected and one.network not in (*SHARED, "bridge"):
        found.dns_names = list(dict.fromkeys((names[0], *one.aliases, *names[1:])))
    return found


def _asked(one: NetworkRequest) -> EndpointSettings:
    pinned = one.ip or one.ip6 or one.link_local or one.connected
    addresses = IpamConfigOfEndpoint(one.ip, one.ip6, list(one.link_local))
    return EndpointSettings(
        ipam_config=addresses if pinned else None,
        links=list(one.links) or None,
        aliases=list(one.aliases) if one.aliases or one.connected else None,
        mac_address=one.mac,
        driver_opts=dict(one.driver_options) if one.driver_options or one.connected else None,
        gw_priority=one.gateway_priority,
    )


def settings(
    record: EndpointRecord, *, name: str, short_id: str, hostname: str = ""
) -> EndpointSettings:
    """An attachment as inspect tells it; `name`, `short_id` and `hostname` of its container are DNS names."""
    found = _asked(record.request)
    found.mac_address = record.mac
    found.network_id = record.network_id
    found.endpoint_id = record.endpoint_id
    found.gateway = record.gateway
    found.ip_address = record.ip
    found.ip_prefix_len = record.prefix_len
    found.ipv6_gateway = record.gateway6
    found.global_ipv6_address = record.ip6
    found.global_ipv6_prefix_len = record.prefix_len6
    if record.network not in ("bridge", *SHARED):
        own = (hostname,) if hostname else ()
        names = (name, *record.request.aliases, short_id, *own)
        found.dns_names = list(dict.fromkeys(names))
    return found
