"""The network side of a start: which namespace, which endpoints, which names, which files under /etc; blocking.

`join` makes it, `leave` gives addresses and ports back. The modes: `host` shares the host's namespace, `none` has
an empty one of its own, `container:` joins another's and shares its files, anything else is a sandbox with an
endpoint on each network.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gorae.engine import etcfiles, gateway
from gorae.engine.endpointrecord import as_made, as_record, as_request, plain
from gorae.engine.etcfiles import DnsDefaults
from gorae.engine.model import (
    Container,
    EndpointRecord,
    NetworkRequest,
    PortBinding,
    PublishedRecord,
)
from gorae.engine.networks import NetworkRecord, Networks
from gorae.engine.process import hostname
from gorae.errors import GoraeError, Internal, InvalidArgument, NotFound
from gorae.net.dns.zone import Membership, Subscriber
from gorae.net.driver import Held, NetDriver
from gorae.net.model import Endpoint, EndpointRequest, PublishedPort
from gorae.net.portplan import Target
from gorae.runtime.config import MountPoint

DEFAULT_NETWORK = "bridge"


@dataclass(frozen=True, slots=True)
class Joined:
    """A container's place in the network. `namespace`: `private`, `host` or a path."""

    namespace: str
    etc_files: tuple[MountPoint, ...]
    endpoints: tuple[EndpointRecord, ...] = ()
    published: tuple[PublishedRecord, ...] = ()
    link_env: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Sandboxes:
    """Joins containers to networks."""

    def __init__(
        self, driver: NetDriver, networks: Networks, defaults: DnsDefaults | None = None
    ) -> None:
        self._driver = driver
        self._networks = networks
        self._defaults = defaults or DnsDefaults()

    # start and end ----------------------------------------------------------------------------

    def join(self, container: Container, network_pid: int, directory: Path) -> Joined:
        """Make the container's place; undone whole on failure."""
        mode = container.spec.network_mode
        directory.mkdir(parents=True, exist_ok=True)
        readonly = container.spec.readonly_rootfs
        if mode.startswith("container:"):
            return Joined(f"/proc/{network_pid}/ns/net", self._shared_files(container))
        mounts = etcfiles.mount_points(directory, readonly=readonly)
        if mode == "host" or mode == "none" or container.spec.network_disabled:
            name = "host" if mode == "host" else "none"
            etcfiles.write(container, directory, defaults=self._defaults, host=name == "host")
            namespace = "host" if name == "host" else "private"
            return Joined(namespace, mounts, (plain(self._networks, name),))
        return self._join_networks(container, directory, mounts)

    def _join_networks(
        self, container: Container, directory: Path, mounts: tuple[MountPoint, ...]
    ) -> Joined:
        with contextlib.ExitStack() as undo:
            wanted = self._wanted_all(container)
            links = self._networks.links(container)
            namespace = self._driver.create_sandbox(container.id, [one for _, _, one in wanted])
            undo.callback(self._driver.remove_sandbox, container.id)
            endpoints = tuple(
                as_record(network, request, self._attach(container, one))
                for network, request, one in wanted
            )
            self._driver.set_names(self._subscriber(container, endpoints))
            published = self._publish(container, endpoints, self.wanted_ports(container))
            etcfiles.write(
                container,
                directory,
                defaults=self._defaults,
                endpoints=endpoints,
                links=[(link.ip, f"{link.alias} {link.name}") for link in links],
                internal=_uses_names(endpoints),
            )
            undo.pop_all()
        link_env = tuple(one for link in links for one in link.env)
        return Joined(namespace, mounts, endpoints, published, link_env)

    def _attach(self, container: Container, wanted: EndpointRequest) -> Endpoint:
        try:
            return self._driver.attach(container.id, wanted)
        except GoraeError as error:
            error.message = f"failed to set up container networking: {error.message}"
            raise

    def leave(self, container: Container) -> None:
        """Give ports and addresses back and the namespace away; found gone is fine."""
        mode = container.spec.network_mode
        if mode.startswith("container:") or mode == "host":
            return
        self._driver.remove_sandbox(container.id)

    # requests ---------------------------------------------------------------------------------

    def requests(self, container: Container) -> tuple[NetworkRequest, ...]:
        """The attachments to make: those asked for, else the one the mode names."""
        spec = container.spec
        if spec.networks:
            return spec.networks
        named = spec.network_mode not in ("default", "bridge", "")
        return (
            NetworkRequest(spec.network_mode if named else DEFAULT_NETWORK, mac=spec.mac_address),
        )

    def _wanted_all(
        self, container: Container
    ) -> list[tuple[NetworkRecord, NetworkRequest, EndpointRequest]]:
        found = []
        for number, request in enumerate(self.requests(container)):
            found.append((self._network(request), request, f"eth{number}"))
        four, six = self._choose([(network, request) for network, request, _ in found])
        return [
            (network, request, as_request(network, request, name, four, six))
            for network, request, name in found
        ]

    def _network(self, request: NetworkRequest) -> NetworkRecord:
        try:
            return self._networks.joinable(request.network)
        except NotFound as error:
            raise NotFound(f"failed to set up container networking: {error.message}") from None

    def _choose(self, many: Sequence[tuple[NetworkRecord, NetworkRequest]]) -> tuple[str, str]:
        """The networks whose gateways lead out."""
        candidates = []
        for network, request in many:
            prefixes = [one.prefix for one in network.model.subnets]
            leads_out = not network.model.internal
            candidates.append(
                gateway.Candidate(
                    network.id,
                    network.name,
                    request.gateway_priority,
                    gateway=leads_out and any(":" not in one for one in prefixes),
                    gateway6=leads_out and any(":" in one for one in prefixes),
                )
            )
        return gateway.choose(candidates)

    # live -------------------------------------------------------------------------------------

    def connect(
        self, container: Container, request: NetworkRequest, directory: Path
    ) -> tuple[EndpointRecord, ...]:
        """A further network for a running container; all its endpoints afterwards."""
        before = container.state.endpoints
        used = {one.interface for one in before}
        number = next(n for n in range(len(used) + 1) if f"eth{n}" not in used)
        self._driver.adopt_sandbox(container.id, container.state.pid)
        network = self._network(request)
        wanted = as_request(network, request, f"eth{number}", "", "")
        made = as_record(network, request, self._driver.attach(container.id, wanted))
        after = (*before, made)
        try:
            self.follow(container, before, after, directory)
        except BaseException:
            self._driver.detach(container.id, network.id)
            raise
        return after

    def disconnect(
        self, container: Container, endpoint: EndpointRecord, directory: Path
    ) -> tuple[EndpointRecord, ...]:
        """Take one endpoint from a running container; those that are left."""
        before = container.state.endpoints
        after = tuple(one for one in before if one.network_id != endpoint.network_id)
        with contextlib.suppress(NotFound):
            self._driver.detach(container.id, endpoint.network_id)
            self.follow(container, before, after, directory)
        return after

    def follow(
        self,
        container: Container,
        before: tuple[EndpointRecord, ...],
        after: tuple[EndpointRecord, ...],
        directory: Path,
    ) -> None:
        """What a change of endpoints brings with it: gateways, ports, names, files."""
        four, six = self._gateways(after)
        if self._driver.gateways(container.id) != (four, six):
            self._driver.set_gateways(container.id, four, six)
        self._driver.rules.retarget(container.id, self._target(after, four, six))
        self._driver.set_names(self._subscriber(container, after))
        etcfiles.rewrite(
            container,
            directory,
            defaults=self._defaults,
            before=before,
            after=after,
            internal=_uses_names(after),
        )

    def rename(self, container: Container) -> None:
        """A running container's new name is known from now on."""
        with contextlib.suppress(NotFound):
            self._driver.set_names(self._subscriber(container, container.state.endpoints))

    def _gateways(self, endpoints: Sequence[EndpointRecord]) -> tuple[str, str]:
        many = []
        for one in endpoints:
            with contextlib.suppress(NotFound):
                many.append((self._networks.find(one.network_id), one.request))
        return self._choose(many)

    # names ------------------------------------------------------------------------------------

    def _subscriber(self, container: Container, endpoints: Sequence[EndpointRecord]) -> Subscriber:
        own = [one for one in endpoints if one.network != DEFAULT_NETWORK and one.endpoint_id]
        return Subscriber(
            token=container.id,
            netns="",
            memberships=tuple(_membership(container, one) for one in own),
            servers=etcfiles.servers(container, self._defaults),
            forwards=self._leads_out(endpoints),
        )

    def _leads_out(self, endpoints: Sequence[EndpointRecord]) -> bool:
        """A container that is on internal networks alone learns nothing of the world."""
        return any(self._gateways(endpoints))

    # ports ------------------------------------------------------------------------------------

    def _target(self, endpoints: Sequence[EndpointRecord], four: str, six: str) -> Target:
        """Where ports lead: through the networks that lead out."""
        by_id = {one.network_id: one for one in endpoints}
        near = [p for one in endpoints for p in self._driver.prefixes(one.network_id)]
        return Target(
            ip=by_id[four].ip if four in by_id else "",
            ip6=by_id[six].ip6 if six in by_id else "",
            near=tuple(near),
        )

    def _publish(
        self,
        container: Container,
        endpoints: tuple[EndpointRecord, ...],
        wanted: Sequence[PublishedPort],
    ) -> tuple[PublishedRecord, ...]:
        four, six = self._gateways(endpoints)
        if not wanted or not (four or six):
            return ()
        target = self._target(endpoints, four, six)
        try:
            made = self._driver.rules.publish(container.id, wanted, target)
        except GoraeError as error:
            endpoint = next(one for one in endpoints if one.network_id in (four, six))
            message = (
                "failed to set up container networking: "
                f"driver failed programming external connectivity on endpoint "
                f"{container.name} ({endpoint.endpoint_id}): {error.message}"
            )
            raise Internal(message) from error
        return tuple(
            PublishedRecord(one.container_port, one.protocol, one.host_ip, one.host_port)
            for one in made
        )

    def publish(
        self, container: Container, ports: Sequence[PortBinding]
    ) -> tuple[PublishedRecord, ...]:
        """Further ports of a running container, now. Raises: Internal: one is taken."""
        wanted = [_published_port(one) for one in ports]
        return self._publish(container, container.state.endpoints, wanted)

    def unpublish(self, container: Container, ports: Sequence[PublishedRecord]) -> None:
        """Some ports of a running container no longer; found gone is fine."""
        self._driver.rules.unpublish(container.id, [_port(one) for one in ports])

    def wanted_ports(self, container: Container) -> list[PublishedPort]:
        """Those asked for, and with `-P` those that the image or a flag exposes."""
        spec = container.spec
        wanted = [_published_port(one) for one in spec.ports]
        if spec.publish_all:
            bound = {(one.container_port, one.protocol) for one in spec.ports}
            for text in spec.exposed_ports:
                port, _, protocol = text.partition("/")
                if (int(port), protocol or "tcp") not in bound:
                    wanted.append(PublishedPort(protocol or "tcp", int(port)))
        return wanted

    # a new daemon -----------------------------------------------------------------------------

    def restore(self, running: list[Container]) -> None:
        """Tell the driver what the running containers hold: namespaces, addresses, ports, names."""
        self._driver.restore([self._held(one) for one in running])
        self._driver.restore_names(self._subscriber(one, one.state.endpoints) for one in running)

    def _held(self, one: Container) -> Held:
        endpoints = one.state.endpoints
        gateways = self._gateways(endpoints)
        return Held(
            sandbox_id=one.id,
            pid=one.state.pid,
            endpoints=tuple(as_made(e) for e in endpoints if e.endpoint_id),
            ports=tuple(_port(p) for p in one.state.published),
            target=self._target(endpoints, *gateways),
            gateways=gateways,
        )

    def settled(self, container: Container) -> tuple[NetworkRequest, ...]:
        """A running container's networks as it has them: a daemon may have died between endpoint and wish."""
        spec, state = container.spec, container.state
        mode = spec.network_mode
        if mode in ("host", "none") or mode.startswith("container:") or not state.endpoints:
            return spec.networks
        return tuple(one.request for one in state.endpoints if one.endpoint_id)

    def discard_unknown(self) -> None:
        """Remove namespaces and links that belong to no record."""
        self._driver.discard_unknown()

    def _shared_files(self, container: Container) -> tuple[MountPoint, ...]:
        """Another container's files, as its network is shared."""
        other = container.resolv_conf_path
        if not other:
            raise InvalidArgument(
                "a container that joins another's network has its files from there"
            )
        readonly = container.spec.readonly_rootfs
        return etcfiles.mount_points(Path(other).parent, readonly=readonly)


def dns_names(container: Container, request: NetworkRequest) -> tuple[str, ...]:
    """What a container is called in a network: its name, aliases, short id, and the hostname asked for."""
    names = (container.name, *request.aliases, container.short_id)
    own = hostname(container)
    return tuple(dict.fromkeys((*names, own)))


def _membership(container: Container, one: EndpointRecord) -> Membership:
    links = tuple(
        (alias or name, name)
        for name, _, alias in (
            text.removeprefix("/").partition(":")
            for text in (*container.spec.links, *one.request.links)
        )
    )
    return Membership(
        network_id=one.network_id,
        network=one.network,
        names=dns_names(container, one.request),
        addresses=tuple(a for a in (one.ip, one.ip6) if a),
        links=links,
    )


def _uses_names(endpoints: Sequence[EndpointRecord]) -> bool:
    """On the default network alone there is no name server of ours, as with docker."""
    return any(one.network != DEFAULT_NETWORK for one in endpoints)


def _published_port(one: PortBinding) -> PublishedPort:
    return PublishedPort(
        protocol=one.protocol,
        container_port=one.container_port,
        host_port=one.host_port,
        host_ip=one.host_ip,
        host_port_end=one.host_port_end,
    )


def _port(one: PublishedRecord) -> PublishedPort:
    return PublishedPort(one.protocol, one.container_port, one.host_port, one.host_ip)
