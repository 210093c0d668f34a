"""The rules of one daemon as the text of one nft batch. Pure.

One table of our own, `inet <instance>`. Its rules never change; what changes are the elements of its sets and maps,
so that a network or a port more or less is one small batch however many there are:

    set bridges, internal, same        links: ours; without a way out; pairs that may talk (a bridge with itself)
    set nets4/6, masq4/6               subnets: ours; those that leave under the host's address
    map any4/6   protocol . port            -> address . port     ports on every address
    map on4/6    address . protocol . port  -> address . port     ports on one address

The verdict of a foreign table stands beside ours: to accept here opens nothing that another table drops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gorae.net.model import Network

MARK = 0x6F720000
MASK = 0xFFFF0000
ROUTING_TABLE = 28530
"""Answers to the relay, which speaks in its clients' names, carry the mark and are routed to this host."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A published port as rules see it: `host_ip` empty is every address of that family."""

    protocol: str
    host_ip: str
    host_port: int
    ip: str
    port: int

    @property
    def map_name(self) -> str:
        """The map that it stands in."""
        return ("on" if self.host_ip else "any") + ("6" if ":" in self.ip else "4")

    @property
    def key(self) -> str:
        """Its key there."""
        head = f"{self.host_ip} . " if self.host_ip else ""
        return f"{head}{self.protocol} . {self.host_port}"

    @property
    def element(self) -> str:
        """Key and value."""
        return f"{self.key} : {self.ip} . {self.port}"


Elements = dict[str, list[str]]
"""Set or map -> its elements, in nft's words."""

_SETS = {
    "bridges": "type ifname;",
    "internal": "type ifname;",
    "same": "type ifname . ifname;",
    "nets4": "type ipv4_addr; flags interval;",
    "nets6": "type ipv6_addr; flags interval;",
    "masq4": "type ipv4_addr; flags interval;",
    "masq6": "type ipv6_addr; flags interval;",
}
_MAPS = {
    "any4": "type inet_proto . inet_service : ipv4_addr . inet_service;",
    "any6": "type inet_proto . inet_service : ipv6_addr . inet_service;",
    "on4": "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service;",
    "on6": "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service;",
}
_PORTS = (
    "ip6 daddr ::1 return",  # the loopback's address cannot leave the loopback: the relay serves it
    "dnat ip to ip daddr . meta l4proto . th dport map @on4",
    "dnat ip to meta l4proto . th dport map @any4",
    "dnat ip6 to ip6 daddr . meta l4proto . th dport map @on6",
    "dnat ip6 to meta l4proto . th dport map @any6",
)
_JUMP = ("fib daddr type local meta l4proto { tcp, udp, sctp } jump ports",)
_GUARD = ('iifname != "lo" ip daddr 127.0.0.0/8 drop',)
"""Bridges route the loopback's addresses so that ports on it can be published: nobody else may send there."""
_POSTROUTING = (
    "ip saddr @masq4 oifname != @bridges masquerade",
    "ip6 saddr @masq6 oifname != @bridges masquerade",
    "ip saddr @nets4 oifname @bridges ct status dnat masquerade",
    "ip6 saddr @nets6 oifname @bridges ct status dnat masquerade",
    "ip saddr 127.0.0.0/8 oifname @bridges masquerade",
)
_FORWARD = (
    "iifname @bridges ct state established,related accept",
    "oifname @bridges ct state established,related accept",
    "iifname . oifname @same accept",
    "iifname @internal drop",
    "oifname @internal drop",
    "oifname @bridges ct status dnat accept",
    "oifname @bridges drop",
)
DIVERT = f"iifname @bridges meta l4proto tcp socket transparent 1 meta mark set {MARK:#x} accept"
"""Only while ports are relayed: it costs each packet of a container a look-up."""

CHAINS: tuple[tuple[str, str, Sequence[str]], ...] = (
    ("ports", "", _PORTS),
    ("guard", "type filter hook prerouting priority raw; policy accept;", _GUARD),
    ("divert", "type filter hook prerouting priority mangle; policy accept;", ()),
    ("prerouting", "type nat hook prerouting priority dstnat; policy accept;", _JUMP),
    ("output", "type nat hook output priority -100; policy accept;", _JUMP),
    ("postrouting", "type nat hook postrouting priority srcnat; policy accept;", _POSTROUTING),
    ("forward", "type filter hook forward priority filter; policy accept;", _FORWARD),
)


def network_elements(network: Network) -> Elements:
    """What a network adds."""
    if network.driver != "bridge" or not network.bridge:
        return {}
    found: Elements = {"bridges": [f'"{network.bridge}"']}
    if network.internal:
        found["internal"] = [f'"{network.bridge}"']
    if network.icc:
        found["same"] = [f'"{network.bridge}" . "{network.bridge}"']
    for subnet in network.subnets:
        family = "6" if ":" in subnet.prefix else "4"
        found.setdefault(f"nets{family}", []).append(subnet.prefix)
        if network.masquerade and not network.internal:
            found.setdefault(f"masq{family}", []).append(subnet.prefix)
    return found


def mapping_elements(mappings: Iterable[Mapping]) -> Elements:
    """What published ports add."""
    found: Elements = {}
    for one in mappings:
        found.setdefault(one.map_name, []).append(one.element)
    return found


def merged(many: Iterable[Elements]) -> Elements:
    """All of them together."""
    found: Elements = {}
    for one in many:
        for name, elements in one.items():
            found.setdefault(name, []).extend(elements)
    return found


def table(instance: str, elements: Elements, *, divert: bool) -> str:
    """The whole table, replacing one of the same name in the same transaction."""
    lines = [f"add table inet {instance}", f"delete table inet {instance}"]
    lines.append(f"table inet {instance} {{")
    for kind, declarations in (("set", _SETS), ("map", _MAPS)):
        for name, declaration in declarations.items():
            inside = ", ".join(elements.get(name, ()))
            filled = f" elements = {{ {inside} }}" if inside else ""
            lines.append(f"  {kind} {name} {{ {declaration}{filled} }}")
    for name, head, rules in CHAINS:
        extra = (DIVERT,) if divert and name == "divert" else ()
        lines += [f"  chain {name} {{", f"    {head}"]
        lines += [f"    {rule}" for rule in (*rules, *extra)] + ["  }"]
    return "\n".join([*lines, "}"]) + "\n"


def add(instance: str, elements: Elements) -> str:
    """A batch that adds elements; found there is fine, with the same value."""
    return "".join(
        f"add element inet {instance} {name} {{ {', '.join(some)} }}\n"
        for name, some in elements.items()
    )


def delete(instance: str, elements: Elements) -> str:
    """A batch that takes elements away: all must be there."""
    return "".join(
        f"delete element inet {instance} {name} {{ {', '.join(_key(one) for one in some)} }}\n"
        for name, some in elements.items()
    )


def _key(element: str) -> str:
    return element.partition(" : ")[0]


def delete_table(instance: str) -> str:
    """A batch that removes everything of ours; found gone is fine."""
    return f"add table inet {instance}\ndelete table inet {instance}\n"


def wrong(listing: dict[str, list[dict[str, Any]]], elements: Elements) -> list[str]:
    """What `nft -j list table` of ours lacks, or has too much; empty: nothing is wrong."""
    rules: dict[str, int] = {}
    found: dict[str, set[str]] = {}
    for entry in listing.get("nftables", ()):
        if "rule" in entry:
            chain = entry["rule"]["chain"]
            rules[chain] = rules.get(chain, 0) + 1
        for kind in ("set", "map"):
            if kind in entry:
                some = entry[kind].get("elem") or ()
                found[entry[kind]["name"]] = {_text(one) for one in some}
    problems = [
        f'rules of chain "{name}" are missing'
        for name, _, wanted in CHAINS
        if rules.get(name, 0) < len(wanted)
    ]
    for name in (*_SETS, *_MAPS):
        is_there, wanted_now = (
            found.get(name, set()),
            {_plain(one) for one in elements.get(name, ())},
        )
        what = "published port" if name in _MAPS else name
        problems += [f'{what} "{one}" is missing' for one in sorted(wanted_now - is_there)]
        problems += [f'{what} "{one}" is nobody\'s' for one in sorted(is_there - wanted_now)]
    return problems


def _plain(element: str) -> str:
    return element.replace('"', "")


def _text(element: Any) -> str:
    """An element of nft's JSON as `Elements` has it."""
    if isinstance(element, list):
        return " : ".join(_text(one) for one in element)
    if isinstance(element, dict) and "concat" in element:
        return " . ".join(_text(one) for one in element["concat"])
    if isinstance(element, dict) and "prefix" in element:
        return f"{element['prefix']['addr']}/{element['prefix']['len']}"
    return str(element)
