"""How packets reach a container and leave it, in words; and what the host's own rules say about its ports. Blocking."""

from dataclasses import dataclass

from gorae.engine import etcfiles
from gorae.engine.model import Container, EndpointRecord
from gorae.engine.networks import Networks
from gorae.engine.sandbox import dns_names
from gorae.errors import NotFound
from gorae.net import firewall
from gorae.net.driver import NetDriver
from gorae.net.firewall import Packet, Verdict
from gorae.net.model import PublishedPort


@dataclass(frozen=True, slots=True)
class Seen:
    """What becomes of a connection that comes in by one interface: `open`, `blocked` or `depends`, and why."""

    interface: str
    state: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class PortReport:
    """One published port. `how`: dnat, relay or nowhere; `obeys`: whether the host's input rules are asked."""

    port: PublishedPort
    target: str
    how: str
    obeys: bool
    keeps_source: bool
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Doctor:
    """All ports of one container."""

    mode: str
    ports: tuple[PortReport, ...]


class Paths:
    """The service."""

    def __init__(self, driver: NetDriver, networks: Networks) -> None:
        self._driver = driver
        self._networks = networks

    def doctor(self, container: Container) -> Doctor:
        """Each published port, as seen from every interface of the host."""
        rules = self._driver.rules
        foreign = rules.foreign_chains()
        interfaces = self._driver.interfaces()
        reports = []
        for port, how in rules.how(container.id):
            obeys = how == "relay"
            seen = tuple(
                _seen(name, foreign, port, obeys=obeys)
                for name in interfaces
                if _hears(name, port.host_ip)
            )
            endpoint = next((one for one in container.state.endpoints if one.ip or one.ip6), None)
            ip = (endpoint.ip or endpoint.ip6) if endpoint else ""
            same_family = bool(endpoint and (endpoint.ip6 if ":" in port.host_ip else endpoint.ip))
            reports.append(
                PortReport(
                    port,
                    f"{ip}:{port.container_port}",
                    how,
                    obeys,
                    same_family and how != "nowhere",
                    seen,
                )
            )
        return Doctor(rules.mode, tuple(reports))

    def explain(self, container: Container) -> list[tuple[str, list[str]]]:
        """(title, lines): links, the way out, the way in, names, neighbours."""
        mode = container.spec.network_mode
        if not container.state.pid:
            raise NotFound(
                f'container "{container.name}" does not run: it has no place in a network now'
            )
        if mode == "host":
            return [
                (
                    "place",
                    [
                        "the host's own network: its ports are the host's ports, nothing is translated"
                    ],
                )
            ]
        if mode.startswith("container:"):
            return [
                ("place", [f"the network of container {mode.partition(':')[2][:12]}: ask that one"])
            ]
        own = [one for one in container.state.endpoints if one.host_interface]
        if not own:
            return [("place", ["a network namespace of its own with a loopback and nothing else"])]
        return [
            ("links", [self._link(one) for one in own]),
            ("out", self._out(container, own)),
            ("in", self._into(container)),
            ("names", self._names(container, own)),
            ("neighbours", [self._neighbours(one) for one in own]),
        ]

    def _link(self, one: EndpointRecord) -> str:
        network = self._networks.find(one.network_id)
        addresses = ", ".join(
            f"{ip}/{length}"
            for ip, length in ((one.ip, one.prefix_len), (one.ip6, one.prefix_len6))
            if ip
        )
        far = (
            f"macvlan on {network.model.parent or 'a link that leads nowhere'}"
            if network.spec.driver == "macvlan"
            else f"{one.host_interface} on bridge {network.model.bridge}"
        )
        return f"{one.interface} ({one.mac}, {addresses}) <-> {far}, network {one.network}"

    def _out(self, container: Container, own: list[EndpointRecord]) -> list[str]:
        lines = []
        leading = self._driver.gateways(container.id)
        for one in own:
            model = self._networks.find(one.network_id).model
            if model.internal:
                lines.append(f"{one.network} is internal: nothing leaves it")
            elif one.network_id in leading:
                how = "under the host's address" if model.masquerade else "under its own address"
                lines.append(
                    f"by {one.gateway or one.gateway6} ({model.bridge or model.parent}), then the host's routes, {how}"
                )
        for chain in firewall.drops_forward(self._driver.rules.foreign_chains()):
            lines.append(
                f"BUT {chain.title} drops what is forwarded unless one of its rules accepts it"
            )
        return lines or ["nowhere: it has no gateway"]

    def _into(self, container: Container) -> list[str]:
        lines = []
        for one in self.doctor(container).ports:
            port = one.port
            host = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
            how = {
                "dnat": "by a rule (DNAT)",
                "relay": "through the relay",
                "nowhere": "NOT reachable: no address of that family",
            }[one.how]
            whose = (
                "the client's address is kept"
                if one.keeps_source
                else "it sees the bridge's address"
            )
            lines.append(f"{host}:{port.host_port}/{port.protocol} -> {one.target} {how}; {whose}")
        return lines or ["no port is published: only its neighbours and this host reach it"]

    def _names(self, container: Container, own: list[EndpointRecord]) -> list[str]:
        mine = [one for one in own if one.network != "bridge"]
        lines = [
            f"in {one.network} it is {', '.join(dns_names(container, one.request))}" for one in mine
        ]
        servers = etcfiles.servers(container, etcfiles.DnsDefaults())
        asked = ", ".join(
            f"{address}{' (from the host)' if host else ''}" for address, host in servers
        )
        if mine:
            return [*lines, f"it asks 127.0.0.11, which asks {asked or 'nobody'} for the rest"]
        return [f"the default network has no names; it asks {asked or 'nobody'} itself"]

    def _neighbours(self, one: EndpointRecord) -> str:
        network = self._networks.find(one.network_id)
        others = len(self._networks.attached(network.id)) - 1
        if not network.model.icc:
            return f"{one.network}: {others} others, which may not talk to each other (enable_icc=false)"
        return f"{one.network}: {others} others, all ports open between them; other networks are kept out"


def _seen(
    interface: str, foreign: tuple[firewall.Chain, ...], port: PublishedPort, *, obeys: bool
) -> Seen:
    six = ":" in port.host_ip
    found = firewall.verdict(foreign, Packet(interface, port.protocol, port.host_port, six))
    if obeys:
        return Seen(interface, found.state, found.rule)
    return Seen(interface, "open", _not_asked(found))


def _not_asked(found: Verdict) -> str:
    if found.state == "open":
        return ""
    return f"a rule of ours leads it past the host's input rules, which would say {found.state}: {found.rule}"


def _hears(interface: str, host_ip: str) -> bool:
    """The loopback's addresses are heard on the loopback only."""
    return interface == "lo" or not (host_ip.startswith("127.") or host_ip == "::1")
