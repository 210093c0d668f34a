"""Networks: the three that are always there, and those that users make.

Records are rows in the store and values here; `net` makes and finds the kernel's objects. `find` is used by
starts in worker threads: the index is replaced, never changed in place.
"""

import ipaddress
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from gorae.engine import names, networkoptions
from gorae.engine.events import Events
from gorae.engine.model import Container
from gorae.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unavailable,
)
from gorae.net import ipam
from gorae.net.driver import NetDriver
from gorae.net.model import Network, Subnet
from gorae.store import document
from gorae.store.db import Database, Tx
from gorae.store.tables import networks as rows

PREDEFINED = ("bridge", "host", "none")


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network as asked for. `subnets` may be empty, or lack gateways: then they are chosen."""

    name: str
    driver: str = "bridge"
    subnets: tuple[Subnet, ...] = ()
    internal: bool = False
    attachable: bool = False
    chosen: bool = False
    """Whether the engine chose the subnets."""
    config_only: bool = False
    """It only holds settings for others, which name it as `config_from`."""
    config_from: str = ""
    ipv4: bool = True
    ipv6: bool = False
    ipam_driver: str = "default"
    ipam_options: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """A network that is there: what was asked for, and what the kernel is told."""

    id: str
    name: str
    created_ns: int
    spec: NetworkSpec
    model: Network


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """A running container that another links to."""

    alias: str
    name: str
    ip: str
    env: tuple[str, ...] = ()


Keep = Callable[[Tx, NetworkRecord], object]


class Networks:
    """All networks of this daemon."""

    def __init__(
        self,
        db: Database,
        driver: NetDriver,
        events: Events,
        *,
        containers: Callable[[], Iterable[Container]],
        default_bridge: str,
        default_address: str = "",
    ) -> None:
        self._db = db
        self._driver = driver
        self._events = events
        self._containers = containers
        self._default_bridge = default_bridge
        self._default_address = default_address
        self._by_id: dict[str, NetworkRecord] = {}
        self._lock = threading.Lock()

    # at start ---------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the rows, make what is always there, and see that every bridge exists; blocking."""
        for row in self._db.read(rows.all_rows):
            record = document.decode(NetworkRecord, row.spec)
            self._by_id[record.id] = record
        for name in PREDEFINED:
            if self._by_name(name) is None:
                self._insert(self._predefined(name))
        for record in self._by_id.values():
            self._driver.ensure_network(record.model)

    def _predefined(self, name: str) -> NetworkRecord:
        network_id = secrets.token_hex(32)
        driver = "null" if name == "none" else name
        model = Network(network_id, name, driver=driver)
        spec = NetworkSpec(name, driver=driver)
        if name == "bridge":
            subnet = self._default_subnet()
            options = {
                "com.docker.network.bridge.default_bridge": "true",
                "com.docker.network.bridge.enable_icc": "true",
                "com.docker.network.bridge.enable_ip_masquerade": "true",
                "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
                "com.docker.network.bridge.name": self._default_bridge,
                "com.docker.network.driver.mtu": "1500",
            }
            spec = replace(spec, subnets=(subnet,), options=options)
            model = replace(model, bridge=self._default_bridge, subnets=(subnet,), options=options)
        return NetworkRecord(network_id, name, time.time_ns(), spec, model)

    def _default_subnet(self) -> Subnet:
        """That of `--bip`, else one that nothing on this host uses."""
        if self._default_address:
            try:
                given = ipaddress.ip_interface(self._default_address)
            except ValueError as error:
                raise InvalidArgument(f"--bip: {error}") from None
            return Subnet(str(given.network), str(given.ip))
        taken = [s.prefix for r in self._by_id.values() for s in r.model.subnets]
        prefix = ipam.choose_subnet([*taken, *self._driver.host_prefixes()])
        return Subnet(prefix, ipam.first_address(prefix))

    # reading ----------------------------------------------------------------------------------

    def all(self) -> tuple[NetworkRecord, ...]:
        """Every network, oldest first."""
        return tuple(sorted(self._by_id.values(), key=lambda one: one.created_ns))

    def _by_name(self, name: str) -> NetworkRecord | None:
        return next((one for one in self._by_id.values() if one.name == name), None)

    def find(self, ref: str) -> NetworkRecord:
        """Raises: NotFound: no network of that name, id or prefix."""
        by_name = {one.name: one.id for one in self._by_id.values()}
        try:
            return self._by_id[names.resolve(ref, by_name, self._by_id, kind="network")]
        except NotFound:
            raise NotFound(f"network {ref} not found") from None

    def joinable(self, ref: str) -> NetworkRecord:
        """One that a container can be put into. Raises: NotFound. PermissionDenied: it only holds settings."""
        record = self.find(ref)
        if record.spec.config_only:
            raise PermissionDenied(
                "failed to set up container networking: "
                "cannot create endpoint on configuration-only network"
            )
        return record

    def attached(self, network_id: str) -> tuple[Container, ...]:
        """The running containers with an endpoint on it."""
        return tuple(
            one
            for one in self._containers()
            if one.state.pid and any(e.network_id == network_id for e in one.state.endpoints)
        )

    # making and removing ----------------------------------------------------------------------

    def create(self, spec: NetworkSpec) -> NetworkRecord:
        """Make a network; blocking.

        Raises:
            Conflict: the name is taken. PermissionDenied: a predefined name.
            InvalidArgument: an unknown driver, a bad or overlapping subnet.
        """
        self._check(spec)
        with self._lock:
            if self._by_name(spec.name) is not None:
                raise Conflict(f"network with name {spec.name} already exists")
            network_id = secrets.token_hex(32)
            full, model = self._completed(network_id, spec)
            record = NetworkRecord(network_id, spec.name, time.time_ns(), full, model)
            self._driver.ensure_network(model)
            try:
                self._insert(record)
            except BaseException:
                self._driver.remove_network(model)
                raise
        self._events.publish(
            "network", "create", record.id, {"name": record.name, "type": spec.driver}
        )
        return record

    def _check(self, spec: NetworkSpec) -> None:
        if not spec.name.strip():
            raise InvalidArgument("invalid name: name is empty")
        if spec.name in (*PREDEFINED, "default"):
            raise PermissionDenied(f"operation is not permitted on predefined {spec.name} network")
        if spec.driver in ("host", "null"):
            raise PermissionDenied(f'only one instance of "{spec.driver}" network is allowed')
        if spec.driver == "overlay":
            raise Unavailable(
                'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" '
                "to connect this node to swarm and try again."
            )
        if spec.driver not in ("bridge", "macvlan"):
            raise NotFound(f'plugin "{spec.driver}" not found')
        if not (spec.ipv4 or spec.ipv6):
            raise InvalidArgument("IPv4 or IPv6 must be enabled")
        if spec.config_only and spec.config_from:
            raise PermissionDenied(
                "a configuration network cannot depend on another configuration network"
            )

    def _completed(self, network_id: str, spec: NetworkSpec) -> tuple[NetworkSpec, Network]:
        """What was asked, with what a settings network says, and what the kernel is told."""
        if spec.config_from:
            spec = self._configured(spec)
        if spec.config_only:
            return spec, Network(network_id, spec.name, driver="config")
        taken = [s.prefix for r in self._by_id.values() for s in r.model.subnets]
        subnets = ipam.complete(
            spec.subnets,
            taken=taken,
            host=self._driver.host_prefixes(),
            ipv4=spec.ipv4,
            ipv6=spec.ipv6,
        )
        model = networkoptions.model(network_id, spec.name, spec.driver, subnets, spec.options)
        model = replace(model, internal=spec.internal or model.internal, ipv6=spec.ipv6)
        return replace(spec, subnets=spec.subnets or subnets, chosen=not spec.subnets), model

    def _configured(self, spec: NetworkSpec) -> NetworkSpec:
        try:
            kept = self.find(spec.config_from).spec
        except NotFound:
            raise NotFound(f'configuration network "{spec.config_from}" does not exist') from None
        if not kept.config_only:
            raise PermissionDenied(
                f"network {spec.config_from} is not a configuration network: "
                "make it with --config-only"
            )
        if spec.subnets or spec.options or spec.ipam_options:
            raise PermissionDenied(
                "user specified configurations are not supported if the network depends on a "
                "configuration network"
            )
        return replace(
            spec,
            subnets=kept.subnets,
            options=kept.options,
            ipam_options=kept.ipam_options,
            labels={**kept.labels, **spec.labels},
            ipv4=kept.ipv4,
            ipv6=kept.ipv6,
        )

    def _insert(self, record: NetworkRecord, also: Callable[[Tx], object] | None = None) -> None:
        row = rows.NetworkRow(record.id, record.name, record.created_ns, document.encode(record))

        def write(tx: Tx) -> None:
            if also is not None:
                also(tx)
            rows.insert(tx, row)

        self._db.write(write)
        self._by_id = {**self._by_id, record.id: record}

    def announce(self, action: str, network_id: str, container_id: str) -> None:
        """An event of a container's coming or going; of a network that is gone there is none."""
        record = self._by_id.get(network_id)
        if record is not None:
            attributes = {
                "container": container_id,
                "name": record.name,
                "type": record.spec.driver,
            }
            self._events.publish("network", action, record.id, attributes)

    def remove(self, ref: str, keep: Keep | None = None) -> NetworkRecord:
        """`keep` writes what is kept of it, in the same transaction.

        Raises:
            PermissionDenied: a predefined one, or containers are attached.
        """
        record = self.find(ref)
        if record.name in PREDEFINED:
            raise PermissionDenied(f"{record.name} is a pre-defined network and cannot be removed")
        if record.spec.config_only and any(
            record.name == one.spec.config_from for one in self._by_id.values()
        ):
            raise PermissionDenied(f'configuration network "{record.name}" is in use')
        users = self.attached(record.id)
        if users:
            held = ", ".join(f'name:"{one.name}" id:"{one.short_id}"' for one in users)
            raise PermissionDenied(
                f"error while removing network: network {record.name} has active endpoints ({held})"
            )
        self._driver.remove_network(record.model)  # which knows of those that are on their way

        def write(tx: Tx) -> None:
            rows.delete(tx, record.id)
            if keep is not None:
                keep(tx, record)

        self._db.write(write)
        self._by_id = {key: one for key, one in self._by_id.items() if key != record.id}
        self._events.publish(
            "network", "destroy", record.id, {"name": record.name, "type": record.spec.driver}
        )
        return record

    def restore(self, kept: NetworkRecord, name: str, take: Callable[[Tx], object]) -> str:
        """Make a removed network again, with its id; what it is called. `take`: written in the same transaction.

        Subnets that the engine chose are chosen anew when something else has them now.

        Raises:
            Conflict: the name is taken, or the subnet that was asked for.
        """
        name = name or kept.name
        with self._lock:
            if self._by_name(name) is not None:
                raise Conflict(f"network with name {name} already exists: give another by --name")
            spec, model = replace(kept.spec, name=name), replace(kept.model, name=name)
            taken = [s.prefix for r in self._by_id.values() for s in r.model.subnets]
            if ipam.overlapping([s.prefix for s in model.subnets], taken):
                if not spec.chosen:
                    raise Conflict(f"another network has the subnet of {kept.name} now")
                spec, model = self._completed(kept.id, replace(spec, subnets=(), config_from=""))
                spec = replace(spec, config_from=kept.spec.config_from)
            record = replace(kept, name=name, spec=spec, model=model)
            self._driver.ensure_network(model)
            try:
                self._insert(record, take)
            except BaseException:
                self._driver.remove_network(model)
                raise
        self._events.publish("network", "create", record.id, {"name": name, "type": spec.driver})
        return name

    # links of the default bridge --------------------------------------------------------------

    def links(self, container: Container) -> tuple[LinkTarget, ...]:
        """The containers that `--link` names, with their addresses and docker's variables."""
        if container.spec.network_mode not in ("default", "bridge", ""):
            return ()  # there the names are known by themselves
        found = []
        everyone = {one.name: one for one in self._containers()}
        for text in container.spec.links:
            name, _, alias = text.partition(":")
            other = everyone.get(name.removeprefix("/"))
            if other is None or not other.state.pid:
                raise InvalidArgument(
                    f"Cannot link to a non running container: /{name} AS /{container.name}/{alias}"
                )
            ip = next((one.ip for one in other.state.endpoints if one.ip), "")
            env = link_environment(container, other, alias or name, ip)
            found.append(LinkTarget(alias or name, other.name, ip, env))
        return tuple(found)


def link_environment(
    container: Container, other: Container, alias: str, ip: str
) -> tuple[str, ...]:
    """The variables that a legacy link sets, `DB_PORT_5432_TCP_ADDR` and the like."""
    prefix = alias.upper().replace("-", "_")
    out = []
    ports = sorted(
        (int(port), protocol or "tcp")
        for port, _, protocol in (text.partition("/") for text in other.spec.exposed_ports)
    )
    for number, (port, protocol) in enumerate(ports):
        url = f"{protocol}://{ip}:{port}"
        if not number:
            out.append(f"{prefix}_PORT={url}")
        stem = f"{prefix}_PORT_{port}_{protocol.upper()}"
        out += [
            f"{stem}={url}",
            f"{stem}_ADDR={ip}",
            f"{stem}_PORT={port}",
            f"{stem}_PROTO={protocol}",
        ]
    out.append(f"{prefix}_NAME=/{container.name}/{alias}")
    for variable in other.spec.env:
        name, equals, value = variable.partition("=")
        if equals and name not in ("HOME", "PATH"):
            out.append(f"{prefix}_ENV_{name}={value}")
    return tuple(out)
