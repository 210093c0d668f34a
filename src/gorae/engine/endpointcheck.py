"""What may be asked of an attachment, in docker's words. Pure."""

import ipaddress
import re

from gorae.engine.model import Container, NetworkRequest
from gorae.engine.networks import NetworkRecord
from gorae.errors import InvalidArgument, PermissionDenied

PREDEFINED = ("bridge", "host", "none")


_MAC = re.compile(r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}")


def check_mac(text: str) -> None:
    """Raises: InvalidArgument: not six bytes, or one that several hosts share."""
    if text and (not _MAC.fullmatch(text) or int(text[:2], 16) & 1):
        raise InvalidArgument(f"invalid MAC address: {text[:64]}")


def check_addresses(request: NetworkRequest, network: NetworkRecord) -> None:
    """Addresses asked for must be of a subnet that the user chose.

    Raises:
        InvalidArgument: all that is wrong with them.
    """
    check_mac(request.mac)
    wanted = [(one, 6 if one == request.ip6 else 4) for one in (request.ip, request.ip6) if one]
    problems: list[str] = []
    if wanted and network.name in PREDEFINED:
        problems.append("user specified IP address is supported on user defined networks only")
    asked = _chosen(network)
    for text, version in wanted:
        problems += _problems(text, version, asked)
    problems += [
        f"invalid link-local IP address: {one}" for one in request.link_local if not _parsed(one)
    ]
    if problems:
        shown = problems if len(problems) == 1 else [f"* {one}" for one in problems]
        text = "\n".join(
            [f"invalid config for network {network.name}: invalid endpoint settings:", *shown]
        )
        raise InvalidArgument(text)


def _chosen(network: NetworkRecord) -> list[str]:
    """The subnets that stand in the request itself; a predefined network has none."""
    if network.name in PREDEFINED:
        return []
    return [] if network.spec.chosen else [one.prefix for one in network.spec.subnets]


def check_link_local(request: NetworkRequest) -> None:
    """Told at the start, as docker does. Raises: InvalidArgument: an address of another kind."""
    for text in request.link_local:
        address = _parsed(text)
        if address is None or not address.is_link_local:
            raise InvalidArgument(
                f"failed to set up container networking: invalid link local IP address: {text}"
            )


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _problems(text: str, version: int, prefixes: list[str]) -> list[str]:
    found = []
    try:
        address = ipaddress.ip_address(text)
        if address.version != version:
            raise ValueError
    except ValueError:
        address = None
        found.append(f"invalid IPv{version} address: {text}")
    subnets = [ipaddress.ip_network(one, strict=False) for one in prefixes]
    if not any(one.version == version for one in subnets):
        found.append(
            "user specified IP address is supported only when connecting to networks "
            "with user configured subnets"
        )
    elif address is None or not any(address in one for one in subnets):
        found.append(f"no configured subnet or ip-range contain the IP address {text}")
    return found


def may_connect(container: Container, network: NetworkRecord) -> None:
    """Raises: PermissionDenied, InvalidArgument: the container's mode or the network allows it not."""
    mode = container.spec.network_mode
    if mode.startswith("container:") or mode == "host":
        raise PermissionDenied(
            "container sharing network namespace with another container or host "
            "cannot be connected to any other network"
        )
    if network.name == "host":
        raise PermissionDenied(
            "cannot connect container to host network - container must be created in host network mode"
        )
    on_none = mode == "none" and not container.state.loose and not container.spec.networks
    if on_none or network.name == "none":
        raise PermissionDenied(
            "container cannot be connected to multiple networks with one of the networks "
            "in private (none) mode"
        )


def may_disconnect(container: Container, network: NetworkRecord) -> None:
    """Raises: PermissionDenied: it was made in the host's network."""
    if container.spec.network_mode == "host" and network.name == "host":
        raise PermissionDenied(
            "cannot disconnect container from host network - container was created in host network mode"
        )
