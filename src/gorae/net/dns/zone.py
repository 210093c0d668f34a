"""Who has which name and address in which network. Pure.

Names are kept in lower case; a name may be several containers' (an alias: all answers are given), an address is
one container's. A container sees the names of the networks that it is on, in the order of its attachments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Membership:
    """A container on one network. `names`: its own first, then aliases; `links`: private alias -> another's name."""

    network_id: str
    network: str
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One sandbox that asks and is asked for.

    `servers`: (address, whether it is asked from the host's namespace rather than the container's).
    """

    token: str
    netns: str
    memberships: tuple[Membership, ...] = ()
    servers: tuple[tuple[str, bool], ...] = ()
    forwards: bool = True


@dataclass(slots=True)
class Zone:
    """All subscribers, indexed by (network, name) and (network, address)."""

    _subscribers: dict[str, Subscriber] = field(default_factory=dict)
    _names: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(default_factory=dict)
    _addresses: dict[tuple[str, str], str] = field(default_factory=dict)

    def __contains__(self, token: str) -> bool:
        return token in self._subscribers

    def get(self, token: str) -> Subscriber:
        """Raises: KeyError."""
        return self._subscribers[token]

    def put(self, one: Subscriber) -> None:
        """Add a subscriber, or replace what was known of it."""
        self.drop(one.token)
        self._subscribers[one.token] = one
        for membership in one.memberships:
            for name in membership.names:
                holders = self._names.setdefault((membership.network_id, name.lower()), {})
                holders[one.token] = membership.addresses
            for address in membership.addresses:
                self._addresses[membership.network_id, address] = one.token

    def drop(self, token: str) -> None:
        """Forget a subscriber; found gone is fine."""
        old = self._subscribers.pop(token, None)
        for membership in old.memberships if old else ():
            for name in membership.names:
                key = (membership.network_id, name.lower())
                holders = self._names.get(key, {})
                holders.pop(token, None)
                if not holders:
                    self._names.pop(key, None)
            for address in membership.addresses:
                if self._addresses.get((membership.network_id, address)) == token:
                    del self._addresses[membership.network_id, address]

    def find(self, token: str, name: str) -> list[str] | None:
        """The addresses of a name, of both families, as `token` sees it; None where nobody has it.

        `NAME.NETWORK` asks one network only.
        """
        wanted = name.rstrip(".").lower()
        mine = self._subscribers[token].memberships
        found = self._in_networks(mine, wanted)
        if found is None and "." in wanted:
            host, _, network = wanted.rpartition(".")
            found = self._in_networks([m for m in mine if m.network.lower() == network], host)
        return found

    def _in_networks(self, memberships: Sequence[Membership], name: str) -> list[str] | None:
        for one in memberships:
            target = next((to for alias, to in one.links if alias.lower() == name), name)
            holders = self._names.get((one.network_id, target.lower()))
            if holders:
                return [address for addresses in holders.values() for address in addresses]
        return None

    def reverse(self, token: str, address: str) -> str | None:
        """The name of an address in one of the networks of `token`: `NAME.NETWORK`."""
        for one in self._subscribers[token].memberships:
            holder = self._addresses.get((one.network_id, address))
            if holder is None:
                continue
            for other in self._subscribers[holder].memberships:
                if other.network_id == one.network_id and other.names:
                    return f"{other.names[0]}.{other.network}"
        return None


def subscriber(document: dict[str, object]) -> Subscriber:
    """From the control socket's form, which is the value's own as lists and objects.

    Raises:
        KeyError, TypeError: it is none.
    """
    found: dict[str, object] = {**document}
    memberships = tuple(
        Membership(
            network_id=one["network_id"],
            network=one["network"],
            names=tuple(one["names"]),
            addresses=tuple(one["addresses"]),
            links=tuple((alias, to) for alias, to in one["links"]),
        )
        for one in found["memberships"]  # type: ignore[attr-defined]
    )
    return Subscriber(
        token=str(found["token"]),
        netns=str(found["netns"]),
        memberships=memberships,
        servers=tuple((address, bool(host)) for address, host in found["servers"]),  # type: ignore[attr-defined]
        forwards=bool(found["forwards"]),
    )
