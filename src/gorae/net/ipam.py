"""Which subnets and addresses are free. Pure: what is used comes as values.

The lowest free address is given, as docker does. One that was just freed may still stand in a neighbour's table: so
the hardware address is made of it (`mac_of`), and what stands there is right again.
"""

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gorae.errors import Conflict, InvalidArgument, Unavailable
from gorae.net.model import Subnet

IPv4 = ipaddress.IPv4Network
_POOLS = (
    [IPv4(f"172.{n}.0.0/16") for n in range(17, 32)]
    + list(IPv4("192.168.0.0/16").subnets(new_prefix=20))
    + list(IPv4("10.128.0.0/9").subnets(new_prefix=20))
)
ULA = ipaddress.IPv6Network("fd6f:7261:6500::/40")
"""Where IPv6 subnets are taken from when none is given."""


def _networks(texts: Iterable[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(one, strict=False) for one in texts]


def choose_subnet(taken: Iterable[str]) -> str:
    """The first of docker's pools that overlaps nothing of `taken`.

    Raises:
        Unavailable: none is left.
    """
    used = [one for one in _networks(taken) if one.version == 4 and one.prefixlen]
    for pool in _POOLS:
        if not any(pool.overlaps(one) for one in used):
            return str(pool)
    raise Unavailable("all predefined address pools have been fully subnetted")


def choose_subnet6(taken: Iterable[str]) -> str:
    """The first /64 of our unique local prefix that overlaps nothing of `taken`."""
    used = [one for one in _networks(taken) if one.version == 6 and one.prefixlen]
    for pool in ULA.subnets(new_prefix=64):
        if not any(pool.overlaps(one) for one in used):
            return str(pool)
    raise Unavailable("all predefined address pools have been fully subnetted")


def overlapping(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether a prefix of the one has addresses of the other."""
    others = _networks(other)
    return any(
        mine.version == theirs.version and mine.overlaps(theirs)
        for mine in _networks(one)
        for theirs in others
    )


def first_address(prefix: str) -> str:
    """The gateway's address where none is given."""
    return str(next(iter(ipaddress.ip_network(prefix).hosts())))


def complete(
    wanted: Sequence[Subnet],
    *,
    taken: Collection[str],
    host: Collection[str],
    ipv4: bool = True,
    ipv6: bool = False,
) -> tuple[Subnet, ...]:
    """What was asked for with everything that was left open; a subnet of each family that is on.

    Raises:
        InvalidArgument: a bad prefix or a gateway outside of it. Conflict: it overlaps another network.
    """
    problems = [text for one in wanted if one.prefix and (text := _problem(one))]
    if problems:
        raise InvalidArgument("\n".join(["invalid network config:", *problems]))
    found = [_completed(one, taken) for one in wanted if one.prefix]
    found = [one for one in found if (ipv6 if ":" in one.prefix else ipv4)]
    versions = {ipaddress.ip_network(one.prefix).version for one in found}
    if ipv4 and 4 not in versions:
        prefix = choose_subnet([*taken, *host, *(one.prefix for one in found)])
        found.insert(0, Subnet(prefix, first_address(prefix)))
    if ipv6 and 6 not in versions:
        prefix = choose_subnet6([*taken, *host])
        found.append(Subnet(prefix, first_address(prefix)))
    return tuple(found)


def _problem(one: Subnet) -> str:
    """What is wrong with a subnet as written; docker's sentences."""
    try:
        network = ipaddress.ip_network(one.prefix)
    except ValueError:
        try:
            loose = ipaddress.ip_network(one.prefix, strict=False)
        except ValueError:
            return f"invalid subnet {one.prefix}: invalid CIDR block notation"
        return f"invalid subnet {one.prefix}: it should be {loose}"
    if "/" not in one.prefix:
        return f"invalid subnet {one.prefix}: invalid CIDR block notation"
    return _outside(one, network)


def _outside(one: Subnet, network: Any) -> str:
    if one.ip_range:
        try:
            inside = ipaddress.ip_network(one.ip_range)
        except ValueError:
            return f"invalid ip-range {one.ip_range}: invalid CIDR block notation"
        if inside.version != network.version or not inside.subnet_of(network):
            return (
                f"invalid ip-range {one.ip_range}: parent subnet {network} doesn't contain ip-range"
            )
    named = [("gateway", one.gateway)] if one.gateway else []
    for what, text in [*named, *((f"auxiliary address {n}", a) for n, a in one.auxiliary)]:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return f"invalid {what} {text}: invalid address"
        if address not in network:
            return f"invalid {what} {text}: parent subnet {network} doesn't contain this address"
    return ""


def _completed(one: Subnet, taken: Collection[str]) -> Subnet:
    network = ipaddress.ip_network(one.prefix)
    if any(n.version == network.version and network.overlaps(n) for n in _networks(taken)):
        raise Conflict("invalid pool request: Pool overlaps with other one on this address space")
    gateway = one.gateway or _first_free(network, one)
    return replace(one, prefix=str(network), gateway=str(ipaddress.ip_address(gateway)))


def _first_free(network: Any, one: Subnet) -> str:
    """The gateway where none is given: the first address, of the range where there is one."""
    taken = {address for _, address in one.auxiliary}
    inside = ipaddress.ip_network(one.ip_range) if one.ip_range else network
    for address in inside.hosts():
        if str(address) not in taken and address != network.network_address:
            return str(address)
    raise InvalidArgument(f"invalid subnet {network}: no address is left for a gateway")


def mac_of(address: str) -> str:
    """The hardware address that goes with an IPv4 address, as older dockers made it; empty for any other."""
    if not address or ":" in address:
        return ""
    return ":".join(f"{one:02x}" for one in (0x02, 0x42, *ipaddress.IPv4Address(address).packed))


class AddressPool:
    """The addresses of one subnet and who has them."""

    def __init__(self, subnet: Subnet) -> None:
        self.subnet = subnet
        self._network = ipaddress.ip_network(subnet.prefix)
        self._range = ipaddress.ip_network(subnet.ip_range or subnet.prefix)
        self._used: set[int] = {int(ipaddress.ip_address(subnet.gateway))}
        self._used |= {int(ipaddress.ip_address(one)) for _, one in subnet.auxiliary}
        self._lowest = int(self._range.network_address)
        """Nothing below it is free."""

    @property
    def prefix_len(self) -> int:
        """Of the subnet."""
        return self._network.prefixlen

    def has(self, address: str) -> bool:
        """Whether an address is of this subnet; text that is none is of no subnet."""
        try:
            return ipaddress.ip_address(address) in self._network
        except ValueError:
            return False

    def take(self, wanted: str = "") -> str:
        """An address, that asked for or the next free one.

        Raises:
            InvalidArgument: not of this subnet. Conflict: taken. Unavailable: none is left.
        """
        if wanted:
            return self._take_one(wanted)
        for number in self._candidates():
            if number not in self._used:
                self._used.add(number)
                self._lowest = number + 1
                return str(ipaddress.ip_address(number))
        raise Unavailable(
            f"no available IPv{self._network.version} addresses on this network's address pools"
        )

    def _take_one(self, wanted: str) -> str:
        try:
            address = ipaddress.ip_address(wanted)
        except ValueError:
            raise InvalidArgument(f"invalid IPv{self._network.version} address: {wanted}") from None
        if address not in self._network:
            raise InvalidArgument(f"no configured subnet contains IP address {wanted}")
        if int(address) in self._used:
            raise Conflict("Address already in use")
        self._used.add(int(address))
        return str(address)

    def _candidates(self) -> Iterator[int]:
        """Every usable address that may be free, the lowest first."""
        first, last = int(self._range.network_address), int(self._range.broadcast_address)
        if self._range == self._network:
            first, last = first + 1, last - (1 if self._network.version == 4 else 0)
        yield from range(max(self._lowest, first), last + 1)

    def give_back(self, address: str) -> None:
        """It is free; found free is fine."""
        number = int(ipaddress.ip_address(address))
        self._used.discard(number)
        self._lowest = min(self._lowest, number)

    def reserve(self, address: str) -> None:
        """Somebody has it already."""
        self._used.add(int(ipaddress.ip_address(address)))
