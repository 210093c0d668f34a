"""The host's side of all networks: our nft table, and the relay that holds and serves published ports.

What should be there is kept here as values and written as differences; `review` compares with what is there, after
somebody else changed the host's rules: what is missing is written anew, and where ports are relayed because the host
filters its own input (mode `auto`), new connections follow. Blocking, thread-safe.
"""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gorae.errors import GoraeError, Internal
from gorae.linux import nftables, process
from gorae.net import firewall, nft, portplan
from gorae.net.companion import Companion
from gorae.net.model import Network, PublishedPort
from gorae.net.nft import Mapping
from gorae.net.portplan import Target
from gorae.net.rtnl import Netlink

LEGACY_TABLES = (Path("/proc/net/ip_tables_names"), Path("/proc/net/ip6_tables_names"))
LEGACY_PROGRAMS = ("iptables-legacy", "ip6tables-legacy")
TIMEOUT_S = 10


@dataclass(slots=True)
class _Published:
    """A sandbox's ports and where they lead."""

    ports: tuple[PublishedPort, ...] = ()
    target: Target = Target()
    mappings: tuple[Mapping, ...] = field(default_factory=tuple)


class Rules:
    """One daemon's table and relay; `mode` is auto, dnat or proxy."""

    def __init__(self, instance: str, mode: str, directory: Path, host: Netlink) -> None:
        self._instance = instance
        self._mode = mode
        self._host = host
        self._lock = threading.RLock()
        self._networks: dict[str, Network] = {}
        self._published: dict[str, _Published] = {}
        self._filtered = False
        self._written = False
        self.relay = Companion("gorae.net.relay", directory)
        self.relay.tell_all = self._tell_relay

    # what should be there ---------------------------------------------------------------------

    def add_network(self, network: Network) -> None:
        """Its links and subnets are ours from now on."""
        with self._lock:
            self._networks[network.id] = network
            if self._written:
                self._change(nft.add(self._instance, nft.network_elements(network)))

    def remove_network(self, network_id: str) -> None:
        """Found gone is fine."""
        with self._lock:
            network = self._networks.pop(network_id, None)
            if network is not None:
                self._change(nft.delete(self._instance, nft.network_elements(network)))

    def publish(
        self, token: str, wanted: Sequence[PublishedPort], target: Target
    ) -> tuple[PublishedPort, ...]:
        """Further ports of a sandbox; with those that were chosen. All or none.

        Raises:
            Conflict: a port is taken.
        """
        asked = [_document(one) for one in wanted]
        found = self.relay.ask("hold", token=token, ports=asked, ip=target.ip or target.ip6)
        made = tuple(PublishedPort(**one) for one in found)
        with self._lock:
            known = self._published.setdefault(token, _Published())
            known.ports, known.target = (*known.ports, *made), target
            try:
                self._lead(token, known)
            except BaseException:
                self.unpublish(token, made)
                raise
        return made

    def retarget(self, token: str, target: Target) -> None:
        """The container's addresses changed: its ports follow."""
        with self._lock:
            known = self._published.get(token)
            if known is not None and known.target != target:
                known.target = target
                self._lead(token, known)

    def unpublish(self, token: str, ports: Sequence[PublishedPort] | None = None) -> None:
        """Some ports of a sandbox, or all; found gone is fine."""
        with self._lock:
            known = self._published.get(token)
            if known is None:
                return
            gone = known.ports if ports is None else tuple(p for p in known.ports if p in ports)
            known.ports = tuple(one for one in known.ports if one not in gone)
            self._write_mappings(known)
            if not known.ports:
                del self._published[token]
        asked = None if ports is None else [_document(one) for one in gone]
        self.relay.ask("release", token=token, ports=asked)

    def restore(self, token: str, ports: tuple[PublishedPort, ...], target: Target) -> None:
        """What an earlier daemon published; `write` follows."""
        if not ports:
            return
        with self._lock:
            mappings = portplan.mappings(ports, target, self._effective())
            self._published[token] = _Published(ports, target, mappings)

    # doing ------------------------------------------------------------------------------------

    def _effective(self) -> str:
        return portplan.effective(self._mode, filtered=self._filtered)

    def _lead(self, token: str, known: _Published) -> None:
        """Rules first: an aim may let the relay listen."""
        self._write_mappings(known)
        aims = portplan.aims(known.target, self._effective())
        self.relay.ask("aim", token=token, aims=aims)

    def _write_mappings(self, known: _Published) -> None:
        wanted = portplan.mappings(known.ports, known.target, self._effective())
        gone = [one for one in known.mappings if one not in wanted]
        new = [one for one in wanted if one not in known.mappings]
        known.mappings = wanted
        batch = nft.delete(self._instance, nft.mapping_elements(gone))
        self._change(batch + nft.add(self._instance, nft.mapping_elements(new)))

    def _change(self, batch: str) -> None:
        """A small batch; where somebody took the table away, the whole."""
        if not batch:
            return
        try:
            nftables.run(batch)
        except Internal:
            self._write()

    def _elements(self) -> nft.Elements:
        networks = [nft.network_elements(one) for one in self._networks.values()]
        ports = [nft.mapping_elements(one.mappings) for one in self._published.values()]
        return nft.merged([*networks, *ports])

    def _write(self) -> None:
        divert = self._effective() == "proxy"
        if divert:
            self._host.divert(nft.MARK, nft.MASK, nft.ROUTING_TABLE)
        nftables.run(nft.table(self._instance, self._elements(), divert=divert))
        self._written = True

    def write(self) -> None:
        """The whole table anew, in one transaction; the relay learns what is left."""
        with self._lock:
            self._filtered = self._input_is_filtered()
            for known in self._published.values():
                known.mappings = portplan.mappings(known.ports, known.target, self._effective())
            self._write()
            if self._published:
                self._tell_relay()
            elif self.relay.started:
                self.relay.ask("keep", tokens=[])

    def _tell_relay(self) -> None:
        """Everything: a relay that is new, or that served an earlier daemon."""
        with self._lock:
            self.relay.ask("keep", tokens=list(self._published))
            for token, known in self._published.items():
                ports = [_document(one) for one in known.ports]
                ip = known.target.ip or known.target.ip6
                self.relay.ask("hold", token=token, ports=ports, ip=ip, again=True)
                aims = portplan.aims(known.target, self._effective())
                self.relay.ask("aim", token=token, aims=aims)

    # looking ----------------------------------------------------------------------------------

    def review(self) -> bool:
        """After a foreign change: put right what is missing, follow the host's input rules; whether that was needed."""
        with self._lock:
            filtered = self._input_is_filtered()
            if filtered == self._filtered and not self.wrong():
                return False
            self._filtered = filtered
            for known in self._published.values():
                known.mappings = portplan.mappings(known.ports, known.target, self._effective())
            self._write()
            for token, known in self._published.items():
                aims = portplan.aims(known.target, self._effective())
                self.relay.ask("aim", token=token, aims=aims)
            return True

    def wrong(self) -> list[str]:
        """What is wrong with our table: it is gone, something is missing, or there is what nobody has."""
        with self._lock:
            try:
                text = nftables.run(f"list table inet {self._instance}", json=True)
            except Internal:
                return ["the table is gone"]
            return nft.wrong(json.loads(text), self._elements())

    def foreign_chains(self) -> tuple[firewall.Chain, ...]:
        """What other tables hold, with their rules."""
        listing = json.loads(nftables.run("list ruleset", json=True) or "{}")
        return firewall.chains(listing, without=self._instance)

    def _input_is_filtered(self) -> bool:
        if self._mode != "auto":
            return False
        try:
            return firewall.filters_input(self._foreign_heads()) or _legacy_filters()
        except (Internal, ValueError):
            return True  # rules that cannot be read may refuse

    def _foreign_heads(self) -> Iterable[firewall.Chain]:
        """The base chains of other tables; rules only of those that could refuse."""
        heads = json.loads(nftables.run("list chains", json=True) or "{}")
        for one in firewall.input_chains(firewall.chains(heads, without=self._instance)):
            text = nftables.run(f"list chain {one.family} {one.table} {one.name}", json=True)
            yield from firewall.chains(json.loads(text))

    def how(self, token: str) -> list[tuple[PublishedPort, str]]:
        """A sandbox's ports and how they get their packets: dnat, relay or nowhere."""
        with self._lock:
            known = self._published.get(token, _Published())
            mode = self._effective()
            return [(one, portplan.how(one, known.target, mode)) for one in known.ports]

    @property
    def mode(self) -> str:
        """As asked for, and as it is now: `auto (dnat)`."""
        now = self._effective()
        return self._mode if self._mode == now else f"{self._mode} ({now})"

    def close(self) -> None:
        """The relay goes on."""
        self.relay.close()

    def remove_table(self) -> None:
        """For tests and uninstalling."""
        nftables.run(nft.delete_table(self._instance))


def _document(port: PublishedPort) -> dict[str, object]:
    return {
        "protocol": port.protocol,
        "container_port": port.container_port,
        "host_port": port.host_port,
        "host_ip": port.host_ip,
        "host_port_end": port.host_port_end,
    }


def _legacy_filters() -> bool:
    """Whether the older iptables, which nft does not show, has a filter table with anything in it."""
    for names, program in zip(LEGACY_TABLES, LEGACY_PROGRAMS, strict=True):
        try:
            if "filter" not in names.read_text().split():
                continue
        except OSError:
            continue
        try:
            done = process.run([program, "-S", "INPUT"], timeout_s=TIMEOUT_S)
        except GoraeError:
            return True
        if done.returncode or done.stdout.strip() != b"-P INPUT ACCEPT":
            return True
    return False
