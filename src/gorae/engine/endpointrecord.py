"""An endpoint's two forms: the engine's (the wish, and the record of what came of it) and the network driver's."""

import secrets
from dataclasses import replace

from gorae.engine import endpointcheck
from gorae.engine.model import EndpointRecord, NetworkRequest
from gorae.engine.networks import NetworkRecord, Networks
from gorae.errors import InvalidArgument
from gorae.net.model import Endpoint, EndpointRequest

INTERFACE_OPTION = "com.docker.network.endpoint.ifname"
SYSCTLS_OPTION = "com.docker.network.endpoint.sysctls"


def as_request(
    network: NetworkRecord, request: NetworkRequest, name: str, four: str, six: str
) -> EndpointRequest:
    """A wish, for the driver; `four` and `six` are the networks whose gateways lead out.

    Raises:
        InvalidArgument: a sysctl that is none of an interface.
    """
    endpointcheck.check_link_local(request)
    options = request.driver_options
    sysctls = tuple(
        _sysctl(text) for text in options.get(SYSCTLS_OPTION, "").split(",") if text.strip()
    )
    return EndpointRequest(
        network.id,
        interface=options.get(INTERFACE_OPTION) or name,
        ip=request.ip,
        ip6=request.ip6,
        mac=request.mac,
        gateway=network.id == four,
        gateway6=network.id == six,
        sysctls=sysctls,
        link_local=request.link_local,
    )


def _sysctl(text: str) -> tuple[str, str]:
    """`net.ipv4.conf.IFNAME.log_martians=1` -> its path below /proc/sys/net and the value.

    Raises:
        InvalidArgument: of another interface, or none of IPv4 or IPv6.
    """
    name, found, value = text.strip().partition("=")
    parts = name.split(".")
    if not found or len(parts) < 5 or parts[0] != "net" or parts[3].upper() != "IFNAME":
        raise InvalidArgument(
            f"invalid endpoint sysctl setting {text}: use net.ipv4.conf.IFNAME.NAME=VALUE"
        )
    if parts[1] not in ("ipv4", "ipv6", "mpls") or any(part in ("", "..") for part in parts):
        raise InvalidArgument(f"unrecognised network interface sysctl '{text}'")
    return "/".join((*parts[1:3], "IFNAME", *parts[4:])), value


def as_record(network: NetworkRecord, request: NetworkRequest, made: Endpoint) -> EndpointRecord:
    """An endpoint as made, for the container's record."""
    return EndpointRecord(
        network=network.name,
        network_id=network.id,
        endpoint_id=made.endpoint_id,
        interface=made.interface,
        host_interface=made.host_interface,
        mac=made.mac,
        ip=made.ip,
        prefix_len=made.prefix_len,
        gateway=made.gateway,
        ip6=made.ip6,
        prefix_len6=made.prefix_len6,
        gateway6=made.gateway6,
        request=request,
    )


def as_made(record: EndpointRecord) -> Endpoint:
    """The other way round, for the driver."""
    return Endpoint(
        network_id=record.network_id,
        endpoint_id=record.endpoint_id,
        interface=record.interface,
        host_interface=record.host_interface,
        mac=record.mac,
        ip=record.ip,
        prefix_len=record.prefix_len,
        gateway=record.gateway,
        ip6=record.ip6,
        prefix_len6=record.prefix_len6,
        gateway6=record.gateway6,
    )


def plain(networks: Networks, name: str) -> EndpointRecord:
    """Of `host` and `none`, where nothing is made."""
    network = networks.find(name)
    return EndpointRecord(
        network=name,
        network_id=network.id,
        endpoint_id=secrets.token_hex(32),
        request=NetworkRequest(name),
    )


def without_addresses(endpoints: tuple[EndpointRecord, ...]) -> tuple[EndpointRecord, ...]:
    """What is left of the endpoints when a container stopped: the wish, not the address."""
    return tuple(
        replace(
            one,
            endpoint_id="",
            interface="",
            host_interface="",
            mac="",
            ip="",
            prefix_len=0,
            gateway="",
            ip6="",
            prefix_len6=0,
            gateway6="",
        )
        for one in endpoints
    )
