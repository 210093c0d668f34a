"""The rules of one daemon as the text of one nft batch. Pure.

One table of our own, `inet <instance>`, replaced whole at start and changed by single elements afterwards:

    set bridges         our bridges' names
    map any, any6       protocol . port            -> address . port     ports on every address
    map on, on6         address . protocol . port  -> address . port     ports on one address

A published port is one element. The verdict of a foreign table stands beside ours: to accept here opens nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gorae.net.model import Network


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
        return ("on" if self.host_ip else "any") + ("6" if ":" in self.ip else "")

    @property
    def key(self) -> str:
        """Its key there."""
        head = f"{self.host_ip} . " if self.host_ip else ""
        return f"{head}{self.protocol} . {self.host_port}"

    @property
    def element(self) -> str:
        """Key and value."""
        return f"{self.key} : {self.ip} . {self.port}"


def table(instance: str, networks: Iterable[Network], mappings: Iterable[Mapping]) -> str:
    """The whole table, replacing one of the same name in the same transaction."""
    bridges = [one for one in networks if one.driver == "bridge" and one.bridge]
    by_map: dict[str, list[str]] = {}
    for one in mappings:
        by_map.setdefault(one.map_name, []).append(one.element)
    lines = [
        f"add table inet {instance}",
        f"delete table inet {instance}",
        f"table inet {instance} {{",
        _set("bridges", "type ifname", [f'"{one.bridge}"' for one in bridges]),
        _map("any", "inet_proto . inet_service : ipv4_addr . inet_service", by_map),
        _map("on", "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service", by_map),
        _map("any6", "inet_proto . inet_service : ipv6_addr . inet_service", by_map),
        _map("on6", "ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service", by_map),
        _chain("ports", "", _PORTS),
        _chain("prerouting", "type nat hook prerouting priority dstnat; policy accept;", _JUMP),
        _chain("output", "type nat hook output priority -100; policy accept;", _JUMP),
        _chain(
            "postrouting",
            "type nat hook postrouting priority srcnat; policy accept;",
            [rule for one in bridges for rule in _postrouting(one)],
        ),
        _chain(
            "forward",
            "type filter hook forward priority filter; policy accept;",
            _forward(bridges),
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"


_PORTS = [
    "dnat ip to ip daddr . meta l4proto . th dport map @on",
    "dnat ip to meta l4proto . th dport map @any",
    "dnat ip6 to ip6 daddr . meta l4proto . th dport map @on6",
    "dnat ip6 to meta l4proto . th dport map @any6",
]
_JUMP = ["fib daddr type local meta l4proto { tcp, udp, sctp } jump ports"]


def _postrouting(network: Network) -> list[str]:
    """Out of the bridge with the host's address; back into it (hairpin, localhost) with the bridge's."""
    rules = []
    for subnet in network.subnets:
        family = "ip6" if ":" in subnet.prefix else "ip"
        if network.masquerade and not network.internal:
            rules.append(f'{family} saddr {subnet.prefix} oifname != "{network.bridge}" masquerade')
        rules.append(
            f'{family} saddr {subnet.prefix} oifname "{network.bridge}" ct status dnat masquerade'
        )
    rules.append(f'ip saddr 127.0.0.0/8 oifname "{network.bridge}" masquerade')
    return rules


def _forward(networks: Sequence[Network]) -> list[str]:
    """Answers and published ports pass; a network's own traffic unless it was forbidden; nothing else comes in."""
    rules = [
        "iifname @bridges ct state established,related accept",
        "oifname @bridges ct state established,related accept",
    ]
    for one in networks:
        if one.internal:
            rules.append(f'iifname "{one.bridge}" oifname != "{one.bridge}" drop')
            rules.append(f'oifname "{one.bridge}" iifname != "{one.bridge}" drop')
    rules.append("oifname @bridges ct status dnat accept")
    for one in networks:
        verdict = "accept" if one.icc else "drop"
        rules.append(f'iifname "{one.bridge}" oifname "{one.bridge}" {verdict}')
    return [*rules, "oifname @bridges drop"]


def _set(name: str, kind: str, elements: Sequence[str]) -> str:
    inside = f" elements = {{ {', '.join(elements)} }}" if elements else ""
    return f"  set {name} {{ {kind};{inside} }}"


def _map(name: str, kind: str, by_map: dict[str, list[str]]) -> str:
    elements = by_map.get(name, ())
    inside = f" elements = {{ {', '.join(elements)} }}" if elements else ""
    return f"  map {name} {{ type {kind};{inside} }}"


def _chain(name: str, head: str, rules: Sequence[str]) -> str:
    return "\n".join([f"  chain {name} {{", f"    {head}", *(f"    {one}" for one in rules), "  }"])


_ELEMENTS = re.compile(r"map \w+ \{[^{}]*elements = \{([^}]*)\}")


def elements(listed: str) -> set[str]:
    """The elements of all maps in nft's listing of a table, as `Mapping.element` has them."""
    return {" ".join(one.split()) for text in _ELEMENTS.findall(listed) for one in text.split(",")}


def add_elements(instance: str, mappings: Iterable[Mapping]) -> str:
    """A batch that publishes ports."""
    return "".join(
        f"add element inet {instance} {one.map_name} {{ {one.element} }}\n" for one in mappings
    )


def delete_elements(instance: str, mappings: Iterable[Mapping]) -> str:
    """A batch that takes them back."""
    return "".join(
        f"delete element inet {instance} {one.map_name} {{ {one.key} }}\n" for one in mappings
    )


def delete_table(instance: str) -> str:
    """A batch that removes everything of ours; found gone is fine."""
    return f"add table inet {instance}\ndelete table inet {instance}\n"
