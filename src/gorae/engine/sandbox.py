"""The network side of a start: which namespace, which endpoints, which files under /etc; blocking.

`join` makes it, `leave` gives addresses and ports back. The modes: `host` shares the host's namespace, `none` has
an empty one of its own, `container:` joins another's and shares its files, anything else is a sandbox with an
endpoint on each network.
"""

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from gorae.engine.model import Container, EndpointRecord, NetworkRequest, PublishedRecord
from gorae.engine.networks import LinkTarget, NetworkRecord, Networks
from gorae.engine.process import hostname
from gorae.errors import GoraeError, Internal, InvalidArgument, NotFound
from gorae.net import resolv
from gorae.net.driver import Held, NetDriver
from gorae.net.model import Endpoint, EndpointRequest, PublishedPort
from gorae.runtime.config import MountPoint

FILES = ("hosts", "hostname", "resolv.conf")


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

    def __init__(self, driver: NetDriver, networks: Networks) -> None:
        self._driver = driver
        self._networks = networks

    def join(self, container: Container, network_pid: int, directory: Path) -> Joined:
        """Make the container's place; undone whole on failure."""
        mode = container.spec.network_mode
        directory.mkdir(parents=True, exist_ok=True)
        if mode.startswith("container:"):
            return Joined(f"/proc/{network_pid}/ns/net", self._shared_files(container))
        if mode == "host":
            self._write_files(container, directory, host=True)
            return Joined(
                "host",
                _mount_points(directory, container.spec.readonly_rootfs),
                (_plain_endpoint(self._networks, "host"),),
            )
        if mode == "none" or container.spec.network_disabled:
            self._write_files(container, directory)
            return Joined(
                "private",
                _mount_points(directory, container.spec.readonly_rootfs),
                (_plain_endpoint(self._networks, "none"),),
            )
        return self._join_networks(container, directory)

    def _join_networks(self, container: Container, directory: Path) -> Joined:
        with contextlib.ExitStack() as undo:
            wanted = [
                self._wanted(request, number)
                for number, request in enumerate(self.requests(container))
            ]
            namespace = self._driver.create_sandbox(container.id, [one for _, _, one in wanted])
            undo.callback(self._driver.remove_sandbox, container.id)
            made = [
                (_record(network, request, self._driver.attach(container.id, one)))
                for network, request, one in wanted
            ]
            endpoints = tuple(made)
            published = self._publish(container, endpoints[0])
            links = self._networks.links(container)
            self._write_files(container, directory, endpoints=endpoints, links=links)
            undo.pop_all()
        link_env = tuple(one for link in links for one in link.env)
        return Joined(
            namespace,
            _mount_points(directory, container.spec.readonly_rootfs),
            endpoints,
            published,
            link_env,
        )

    def requests(self, container: Container) -> tuple[NetworkRequest, ...]:
        """The attachments to make: those asked for, else the one the mode names."""
        spec = container.spec
        if spec.networks:
            return spec.networks
        name = "bridge" if spec.network_mode in ("default", "bridge", "") else spec.network_mode
        return (NetworkRequest(name, mac=spec.mac_address),)

    def _wanted(
        self, request: NetworkRequest, number: int
    ) -> tuple[NetworkRecord, NetworkRequest, EndpointRequest]:
        try:
            network = self._networks.find(request.network)
        except NotFound as error:
            raise NotFound(f"failed to set up container networking: {error.message}") from None
        wanted = EndpointRequest(
            network.id, interface=f"eth{number}", ip=request.ip, ip6=request.ip6, mac=request.mac
        )
        return network, request, wanted

    def connect(self, container: Container, request: NetworkRequest) -> EndpointRecord:
        """A further network for a running container."""
        used = {one.interface for one in container.state.endpoints}
        number = next(n for n in range(len(used) + 1) if f"eth{n}" not in used)
        network, request, wanted = self._wanted(request, number)
        return _record(network, request, self._driver.attach(container.id, wanted))

    def disconnect(self, container: Container, endpoint: EndpointRecord) -> None:
        """Take one endpoint from a running container."""
        self._driver.detach(container.id, endpoint.network_id)

    def _publish(
        self, container: Container, endpoint: EndpointRecord
    ) -> tuple[PublishedRecord, ...]:
        wanted = self._wanted_ports(container)
        if not wanted:
            return ()
        try:
            made = self._driver.publish(container.id, _endpoint(endpoint), wanted)
        except GoraeError as error:
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

    def _wanted_ports(self, container: Container) -> list[PublishedPort]:
        spec = container.spec
        wanted = [
            PublishedPort(
                protocol=one.protocol,
                container_port=one.container_port,
                host_port=one.host_port,
                host_ip=one.host_ip,
                host_port_end=one.host_port_end,
            )
            for one in spec.ports
        ]
        if spec.publish_all:
            bound = {(one.container_port, one.protocol) for one in spec.ports}
            for text in spec.exposed_ports:
                port, _, protocol = text.partition("/")
                if (int(port), protocol or "tcp") not in bound:
                    wanted.append(PublishedPort(protocol or "tcp", int(port)))
        return wanted

    def leave(self, container: Container) -> None:
        """Give ports and addresses back and the namespace away; found gone is fine."""
        mode = container.spec.network_mode
        if mode.startswith("container:") or mode in ("host", "none"):
            return
        self._driver.remove_sandbox(container.id)

    def restore(self, running: list[Container]) -> None:
        """Tell the driver what the running containers hold: namespaces, addresses, ports; rules are rebuilt."""
        self._driver.restore(
            [
                Held(
                    sandbox_id=one.id,
                    pid=one.state.pid,
                    endpoints=tuple(_endpoint(e) for e in one.state.endpoints if e.endpoint_id),
                    ports=tuple(
                        PublishedPort(p.protocol, p.container_port, p.host_port, p.host_ip)
                        for p in one.state.published
                    ),
                )
                for one in running
            ]
        )

    def discard_unknown(self) -> None:
        """Remove namespaces and links that belong to no record."""
        self._driver.discard_unknown()

    # files under /etc -------------------------------------------------------------------------

    def _shared_files(self, container: Container) -> tuple[MountPoint, ...]:
        """Another container's files, as its network is shared."""
        other = container.resolv_conf_path
        if not other:
            raise InvalidArgument(
                "a container that joins another's network has its files from there"
            )
        return _mount_points(Path(other).parent, container.spec.readonly_rootfs)

    def _write_files(
        self,
        container: Container,
        directory: Path,
        *,
        host: bool = False,
        endpoints: tuple[EndpointRecord, ...] = (),
        links: tuple[LinkTarget, ...] = (),
    ) -> None:
        spec = container.spec
        own_name = hostname(container)
        full = f"{own_name}.{spec.domainname} {own_name}" if spec.domainname else own_name
        _write(directory / "hostname", f"{own_name}\n")
        base = Path("/etc/hosts").read_text(errors="replace") if host else None
        gateway = next((one.gateway for one in endpoints if one.gateway), "127.0.0.1")
        hosts = resolv.hosts(
            base=base,
            names=full,
            addresses=[a for one in endpoints for a in (one.ip, one.ip6) if a],
            extra=[e.replace(":host-gateway", f":{gateway}") for e in spec.extra_hosts],
            links=[(link.ip, f"{link.alias} {link.name}") for link in links],
        )
        _write(directory / "hosts", hosts)
        _write(directory / "resolv.conf", self._resolv_conf(container, host=host))

    def _resolv_conf(self, container: Container, *, host: bool) -> str:
        spec = container.spec
        try:
            text = Path("/etc/resolv.conf").read_text(errors="replace")
        except OSError:
            text = ""
        return resolv.resolv_conf(
            text,
            servers=spec.dns,
            search=spec.dns_search,
            options=spec.dns_options,
            keep_loopback=host,
        )


def _record(network: NetworkRecord, request: NetworkRequest, made: Endpoint) -> EndpointRecord:
    """An endpoint as made, for the container's record."""
    return EndpointRecord(
        network=network.name,
        network_id=network.id,
        endpoint_id=made.endpoint_id,
        interface=made.interface,
        host_interface=made.host_interface,
        mac=made.mac,
        ip=made.ip,
        prefix_len=made.prefix_len,
        gateway=made.gateway,
        ip6=made.ip6,
        prefix_len6=made.prefix_len6,
        gateway6=made.gateway6,
        request=request,
    )


def _endpoint(record: EndpointRecord) -> Endpoint:
    """The other way round, for the driver."""
    return Endpoint(
        network_id=record.network_id,
        endpoint_id=record.endpoint_id,
        interface=record.interface,
        host_interface=record.host_interface,
        mac=record.mac,
        ip=record.ip,
        prefix_len=record.prefix_len,
        gateway=record.gateway,
        ip6=record.ip6,
        prefix_len6=record.prefix_len6,
        gateway6=record.gateway6,
    )


def _plain_endpoint(networks: Networks, name: str) -> EndpointRecord:
    network = networks.find(name)
    return EndpointRecord(network=name, network_id=network.id, request=NetworkRequest(name))


def _mount_points(directory: Path, readonly: bool) -> tuple[MountPoint, ...]:
    return tuple(
        MountPoint("bind", str(directory / name), f"/etc/{name}", readonly=readonly)
        for name in FILES
    )


def _write(path: Path, text: str) -> None:
    """Replace the content in place: a running container holds the file's inode."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with open(fd, "w") as file:
        file.write(text)


def without_addresses(endpoints: tuple[EndpointRecord, ...]) -> tuple[EndpointRecord, ...]:
    """What is left of the endpoints when a container stopped: the wish, not the address."""
    return tuple(
        replace(
            one,
            endpoint_id="",
            interface="",
            host_interface="",
            mac="",
            ip="",
            prefix_len=0,
            gateway="",
            ip6="",
            prefix_len6=0,
            gateway6="",
        )
        for one in endpoints
    )
