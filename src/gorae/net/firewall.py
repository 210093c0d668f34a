"""What the host's own rules say about packets to the host: read from `nft -j`, decided here. Pure.

Base chains of the input hook are walked as the kernel walks them, in order of priority; every one must let a
packet pass. A condition that is not understood makes a verdict depend on it: the answer then says so instead of
guessing.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Listing = dict[str, list[dict[str, dict[str, Any]]]]
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain and its rules. `hook` empty: only jumped to."""

    family: str
    table: str
    name: str
    hook: str = ""
    kind: str = ""
    priority: int = 0
    policy: str = "accept"
    rules: tuple[dict[str, Any], ...] = ()

    @property
    def title(self) -> str:
        """As a person would look for it."""
        return f"{self.family} {self.table} {self.name}"


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection."""

    interface: str
    protocol: str
    port: int
    six: bool = False
    source: str = ""
    """Empty: anybody."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`open`, `blocked` or `depends`; `rule` says which one decides, empty: nothing does."""

    state: str
    rule: str = ""


OPEN = Verdict("open")


def chains(listing: Listing, *, without: str = "") -> tuple[Chain, ...]:
    """All chains but those of the inet table `without`."""
    rules: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    heads: list[dict[str, Any]] = []
    for entry in listing.get("nftables", ()):
        if "chain" in entry:
            heads.append(entry["chain"])
        elif "rule" in entry:
            one = entry["rule"]
            rules.setdefault((one["family"], one["table"], one["chain"]), []).append(one)
    return tuple(
        Chain(
            one["family"],
            one["table"],
            one["name"],
            one.get("hook", ""),
            one.get("type", ""),
            one.get("prio", 0),
            one.get("policy", "accept"),
            tuple(rules.get((one["family"], one["table"], one["name"]), ())),
        )
        for one in heads
        if not (one["family"] == "inet" and one["table"] == without)
    )


def input_chains(found: Iterable[Chain], hook: str = "input") -> tuple[Chain, ...]:
    """The base chains of a hook that filter, in the kernel's order."""
    base = (c for c in found if c.hook == hook and c.kind == "filter")
    return tuple(sorted((c for c in base if c.family in ("ip", "ip6", "inet")), key=_priority))


def _priority(chain: Chain) -> int:
    return chain.priority


def filters_input(found: Iterable[Chain]) -> bool:
    """Whether any table may refuse what comes to this host."""
    return any(one.policy == "drop" or one.rules for one in input_chains(found))


def drops_forward(found: Iterable[Chain]) -> tuple[Chain, ...]:
    """Base chains of the forward hook whose policy refuses: no accept of ours can overrule them."""
    return tuple(one for one in input_chains(found, "forward") if one.policy == "drop")


def verdict(found: Iterable[Chain], packet: Packet) -> Verdict:
    """What becomes of a packet to this host."""
    every = tuple(found)
    by_name = {(one.family, one.table, one.name): one for one in every}
    worst = OPEN
    for base in input_chains(every):
        if base.family != "inet" and (base.family == "ip6") != packet.six:
            continue
        result = _walk(base, packet, by_name, 0)
        if result is None:
            result = (
                Verdict("blocked", f"{base.title} policy drop") if base.policy == "drop" else OPEN
            )
        if result.state == "blocked":
            return result
        worst = result if result.state == "depends" or not worst.rule else worst
    return worst


def _walk(
    chain: Chain, packet: Packet, by_name: dict[tuple[str, str, str], Chain], depth: int
) -> Verdict | None:
    """None: the chain's end was reached, or it returned."""
    doubt: Verdict | None = None
    for number, rule in enumerate(chain.rules, 1):
        matched = _matches(rule.get("expr", ()), packet)
        if matched is False:
            continue
        where = f"{chain.title} rule {number}"
        result = _outcome(rule, chain, packet, by_name, depth, where)
        if result == "continue":
            continue
        if matched is None:
            if isinstance(result, Verdict) and doubt is None:
                doubt = Verdict("depends", where)
            continue
        if result == "return":
            break
        assert isinstance(result, Verdict)
        return doubt if doubt and result.state != "depends" and _differs(doubt, result) else result
    if doubt is not None:
        return doubt
    return None


def _differs(doubt: Verdict, result: Verdict) -> bool:
    return doubt.state != result.state


def _outcome(
    rule: dict[str, Any],
    chain: Chain,
    packet: Packet,
    by_name: dict[tuple[str, str, str], Chain],
    depth: int,
    where: str,
) -> "Verdict | str":
    for part in rule.get("expr", ()):
        if "accept" in part:
            return Verdict("open", where)
        if "drop" in part or "reject" in part:
            return Verdict("blocked", where)
        if "return" in part:
            return "return"
        to = part.get("jump") or part.get("goto")
        if to is not None and depth < MAX_DEPTH:
            target = by_name.get((chain.family, chain.table, to["target"]))
            inner = _walk(target, packet, by_name, depth + 1) if target else None
            if inner is not None:
                return inner
            return "return" if "goto" in part else "continue"
        if "xt" in part and part["xt"].get("type") == "target":
            return "continue"
    return "continue"


def _matches(parts: Iterable[dict[str, Any]], packet: Packet) -> bool | None:
    """Whether all conditions of a rule hold; None: that depends on what we do not know."""
    sure = True
    for part in parts:
        if "match" in part:
            held = _holds(part["match"], packet)
            if held is False:
                return False
            sure = sure and held is True
        elif (
            "xt" in part
            and part["xt"].get("type") == "match"
            or set(part) & {"limit", "vmap", "dynset", "quota", "ct count"}
        ):
            sure = False
    return True if sure else None


def _holds(match: dict[str, Any], packet: Packet) -> bool | None:
    left, right, negated = match.get("left", {}), match.get("right"), match.get("op") == "!="
    found = _compared(left, right, packet)
    return None if found is None else found != negated


def _compared(left: dict[str, Any], right: Any, packet: Packet) -> bool | None:
    meta = left.get("meta", {}).get("key")
    if meta in ("iifname", "iif"):
        return _among(right, packet.interface, _same_name)
    if meta == "l4proto":
        return _among(right, packet.protocol, _equal)
    if meta == "nfproto":
        return _among(right, "ipv6" if packet.six else "ipv4", _equal)
    payload = left.get("payload", {})
    protocol, field = payload.get("protocol"), payload.get("field")
    if field == "dport" and protocol in ("tcp", "udp", "sctp", "th"):
        if protocol not in ("th", packet.protocol):
            return False
        return _among(right, packet.port, _equal)
    if field == "protocol":
        return _among(right, packet.protocol, _equal)
    if field == "saddr":
        if (protocol == "ip6") != packet.six:
            return False
        return _among(right, packet.source, _in_prefix) if packet.source else None
    if left.get("ct", {}).get("key") == "state":
        return _among(right, "new", _equal)
    return None


def _among(right: Any, value: Any, same: Any) -> bool | None:
    """Whether a value is (one of) what stands on the right: plain, a list, a set, a range, a prefix."""
    if isinstance(right, str) and right.startswith("@"):
        return None
    if isinstance(right, dict) and "set" in right:
        right = right["set"]
    if isinstance(right, list):
        found = [_among(one, value, same) for one in right]
        return True if True in found else None if None in found else False
    if isinstance(right, dict) and "range" in right:
        first, last = right["range"]
        try:
            return bool(int(first) <= int(value) <= int(last))
        except ValueError:
            return None
    return bool(same(right, value))


def _equal(right: Any, value: Any) -> bool:
    return str(right) == str(value)


def _same_name(right: Any, value: str) -> bool:
    text = str(right)
    return value.startswith(text[:-1]) if text.endswith("*") else text == value


def _in_prefix(right: Any, value: str) -> bool:
    if isinstance(right, dict) and "prefix" in right:
        right = f"{right['prefix']['addr']}/{right['prefix']['len']}"
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(str(right), strict=False)
    except ValueError:
        return False
