"""The host's link below a network: the bridge itself, or what a macvlan network's links hang on."""

import ipaddress
from pathlib import Path

from gorae.errors import Internal, InvalidArgument, KernelError
from gorae.net.model import Network
from gorae.net.rtnl import Netlink

DRIVERS = ("bridge", "macvlan")
"""Those that have one."""
SYSCTL = Path("/proc/sys/net")


def ensure(host: Netlink, network: Network) -> int:
    """Its index, made if it is missing.

    Raises:
        InvalidArgument: a parent that is not there. KernelError.
    """
    return _bridge(host, network) if network.driver == "bridge" else _macvlan_parent(host, network)


def remove(host: Netlink, network: Network) -> None:
    """What `ensure` made; found gone is fine."""
    if network.driver == "bridge":
        host.delete_link(network.bridge)
    elif network.driver == "macvlan" and not network.parent:
        host.delete_link(_dummy(network))


def _dummy(network: Network) -> str:
    return f"dm-{network.id[:12]}"


def _bridge(host: Netlink, network: Network) -> int:
    index = host.add_bridge(network.bridge, network.mtu)
    for one in network.subnets:
        host.add_address(index, one.gateway, ipaddress.ip_network(one.prefix).prefixlen)
    _sysctl("ipv4/ip_forward", "1")
    _sysctl(f"ipv4/conf/{network.bridge}/route_localnet", "1")
    if any(":" in one.prefix for one in network.subnets):
        _sysctl("ipv6/conf/all/forwarding", "1")
    return index


def _macvlan_parent(host: Netlink, network: Network) -> int:
    """The link of a macvlan network: it must be there, or be one that can be made."""
    if not network.parent:
        try:
            return host.add_dummy(_dummy(network))
        except KernelError as error:
            raise InvalidArgument(
                "operation not supported: a macvlan network without a parent needs dummy links, which this "
                "kernel has not; name a link of the host with -o parent=LINK"
            ) from error
    index = host.index(network.parent)
    if index:
        return index
    parent, _, vlan = network.parent.rpartition(".")
    if vlan.isdigit() and (below := host.index(parent)):
        return host.add_vlan(network.parent, below, int(vlan))
    raise InvalidArgument(
        f"invalid subinterface vlan name {network.parent}, example formatting is eth0.10"
    )


def _sysctl(name: str, value: str) -> None:
    """Write a network sysctl unless it is so already. Raises: Internal: it may not be written."""
    path = SYSCTL / name
    try:
        if path.read_text().strip() != value:
            path.write_text(value)
    except OSError as error:
        raise Internal(
            f'cannot set "net/{name}" to {value}: {(error.strerror or "").lower()}; set it on the host'
        ) from error
