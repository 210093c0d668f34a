"""How a published port gets its packets: by a rule (DNAT) or through the relay. Pure.

    tcp        dnat: a rule, where the container has an address of the host address's family; else the relay
               proxy: the relay, so that the host's input rules decide
    udp, sctp  a rule; the relay (udp) where the families differ

The IPv6 side always listens as well: `::1` cannot be led away by a rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gorae.net.model import PublishedPort
from gorae.net.nft import Mapping

MODES = ("auto", "dnat", "proxy")
ANYWHERE = ("", "0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Target:
    """A container as ports see it: addresses (empty for none) and the networks it is directly on."""

    ip: str = ""
    ip6: str = ""
    near: tuple[str, ...] = ()


def effective(mode: str, *, filtered: bool) -> str:
    """`dnat` or `proxy`: auto is proxy where the host filters its own input."""
    return ("proxy" if filtered else "dnat") if mode == "auto" else mode


def mappings(ports: Iterable[PublishedPort], target: Target, mode: str) -> tuple[Mapping, ...]:
    """The rules' share."""
    found = []
    for one in ports:
        ip = target.ip6 if ":" in one.host_ip else target.ip
        if not ip or (one.protocol == "tcp" and mode == "proxy"):
            continue
        host_ip = "" if one.host_ip in ANYWHERE else one.host_ip
        found.append(Mapping(one.protocol, host_ip, one.host_port, ip, one.container_port))
    return tuple(found)


def aims(target: Target, mode: str) -> dict[str, dict[str, Any]]:
    """The relay's share, by the family of the host's address."""
    near = list(target.near)
    return {
        "4": {
            "ip": target.ip or target.ip6,
            "listen": mode == "proxy" or not target.ip,
            "near": near,
        },
        "6": {"ip": target.ip6 or target.ip, "listen": True, "near": near},
    }


def how(port: PublishedPort, target: Target, mode: str) -> str:
    """In a word, for people: `dnat`, `relay` or `nowhere`."""
    same_family = target.ip6 if ":" in port.host_ip else target.ip
    if same_family and not (port.protocol == "tcp" and mode == "proxy"):
        return "dnat"
    reachable = (target.ip or target.ip6) and port.protocol != "sctp"
    return "relay" if reachable else "nowhere"
