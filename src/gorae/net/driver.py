"""The room's face: networks made and removed, containers put into them, ports published.

State: which network has which address pool, which sandbox has which endpoints and ports. It is rebuilt by
`restore` from what the engine recorded; the kernel's objects are found by name. Blocking, thread-safe.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gorae.errors import Internal, InvalidArgument, KernelError, NotFound
from gorae.linux import process
from gorae.net import nft
from gorae.net.ipam import AddressPool
from gorae.net.model import Endpoint, EndpointRequest, Network, PublishedPort
from gorae.net.nft import Mapping
from gorae.net.ports import Holder, Ports
from gorae.net.rtnl import Netlink
from gorae.net.sandbox import Interface, ReadyPool, Sandbox, SandboxMaker, in_thread

SYSCTL = Path("/proc/sys/net")
NFT_TIMEOUT_S = 20
RULES_PATIENCE_S = 0.3


@dataclass(frozen=True, slots=True)
class Held:
    """What a running container holds, as the engine recorded it; `pid`: of a process in its namespace."""

    sandbox_id: str
    pid: int
    endpoints: tuple[Endpoint, ...]
    ports: tuple[PublishedPort, ...] = ()


@dataclass(slots=True)
class _Place:
    """A container's sandbox with its ports."""

    sandbox: Sandbox
    holder: Holder = field(default_factory=Holder)
    mappings: tuple[Mapping, ...] = ()


class NetDriver:
    """All networking of one daemon; `instance` names its table and begins its links' names."""

    def __init__(self, exec_root: Path, instance: str = "gorae") -> None:
        self._instance = instance
        self._host = in_thread(Netlink)  # its library may not meet a running event loop
        self._maker = SandboxMaker(exec_root / "netns", f"{instance[:6]}v", self._host)
        self._ports = Ports()
        self._networks: dict[str, Network] = {}
        self._bridges: dict[str, int] = {}
        self._pools: dict[str, list[AddressPool]] = {}
        self._places: dict[str, _Place] = {}
        self._default: Network | None = None
        self._restored = False
        self._lock = threading.RLock()
        self._rules = threading.Lock()
        self._pool = ReadyPool(self._make_ready, self._discard_ready)

    # networks ---------------------------------------------------------------------------------

    def host_prefixes(self) -> list[str]:
        """Where this host's routes lead."""
        return self._host.prefixes()

    def ensure_network(self, network: Network) -> None:
        """Make what is missing of a network; found made is fine. Raises: KernelError."""
        with self._lock:
            self._networks[network.id] = network
            self._pools.setdefault(network.id, [AddressPool(one) for one in network.subnets])
            if network.driver != "bridge":
                return
            self._bridges[network.id] = self._ensure_bridge(network)
            if network.name == "bridge":
                self._default = network
        self._write_rules()

    def _ensure_bridge(self, network: Network) -> int:
        index = self._host.add_bridge(network.bridge, network.mtu)
        for pool in self._pools[network.id]:
            self._host.add_address(index, pool.subnet.gateway, pool.prefix_len)
        _sysctl("ipv4/ip_forward", "1")
        _sysctl(f"ipv4/conf/{network.bridge}/route_localnet", "1")
        if any(":" in one.prefix for one in network.subnets):
            _sysctl("ipv6/conf/all/forwarding", "1")
        return index

    def remove_network(self, network: Network) -> None:
        """Take a network away; found gone is fine."""
        with self._lock:
            self._networks.pop(network.id, None)
            self._pools.pop(network.id, None)
            self._bridges.pop(network.id, None)
        self._write_rules()
        if network.driver == "bridge":
            self._host.delete_link(network.bridge)

    def _write_rules(self) -> None:
        """The whole table anew, in one transaction; not before it is known which ports are published.

        Until then the last daemon's rules serve.
        """
        if not self._restored:
            return
        with self._rules:
            mappings = [one for place in self._places.values() for one in place.mappings]
            self._nft(nft.table(self._instance, self._networks.values(), mappings))

    def _nft(self, batch: str) -> None:
        done = process.run(["nft", "-f", "-"], stdin=batch.encode(), timeout_s=NFT_TIMEOUT_S)
        if done.returncode:
            raise Internal(f"nft refused the rules: {done.stderr.decode().strip().splitlines()[0]}")

    # sandboxes --------------------------------------------------------------------------------

    def start_pool(self) -> None:
        """Keep a few sandboxes ready, from now on."""
        self._pool.start()

    def _make_ready(self) -> Sandbox:
        sandbox = self._maker.make()
        try:
            if self._default is not None:
                request = EndpointRequest(self._default.id)
                self._add_endpoint(sandbox, self._default, request)
        except BaseException:
            self._maker.remove(sandbox)
            raise
        return sandbox

    def _discard_ready(self, sandbox: Sandbox) -> None:
        self._maker.remove(sandbox)
        self._give_back(sandbox)

    def create_sandbox(self, sandbox_id: str, requests: Sequence[EndpointRequest]) -> str:
        """The path of a namespace for a container that will make these requests, in order.

        Raises:
            KernelError.
        """
        sandbox = None
        if len(requests) == 1 and self._is_plain(requests[0]):
            sandbox = self._pool.take()
        if sandbox is None:
            sandbox = self._maker.make()
        with self._lock:
            self._places[sandbox_id] = _Place(sandbox)
        return str(sandbox.path)

    def _is_plain(self, request: EndpointRequest) -> bool:
        wishes = (request.ip, request.ip6, request.mac)
        default = self._default
        return default is not None and request.network_id == default.id and not any(wishes)

    def _place(self, sandbox_id: str) -> _Place:
        try:
            return self._places[sandbox_id]
        except KeyError:
            raise NotFound(f'sandbox "{sandbox_id}" is not there') from None

    def attach(self, sandbox_id: str, request: EndpointRequest) -> Endpoint:
        """An endpoint on a network.

        Raises:
            InvalidArgument, Conflict, Unavailable: the address. KernelError.
        """
        place = self._place(sandbox_id)
        ready = place.sandbox.endpoints.get(request.network_id)
        if ready is not None:
            return ready
        return self._add_endpoint(place.sandbox, self._networks[request.network_id], request)

    def _add_endpoint(
        self, sandbox: Sandbox, network: Network, request: EndpointRequest
    ) -> Endpoint:
        if network.driver != "bridge":
            raise InvalidArgument(f'a container cannot be attached to a "{network.driver}" network')
        with contextlib.ExitStack() as undo:
            taken = self._take_addresses(network, request, undo)
            mac = request.mac or _random_mac()
            first = not any(one.gateway for one in sandbox.endpoints.values())
            wanted = Interface(
                name=request.interface,
                mtu=network.mtu,
                mac=mac,
                ip=taken.ip,
                prefix_len=taken.prefix_len,
                gateway=taken.gateway if first and not network.internal else "",
                ip6=taken.ip6,
                prefix_len6=taken.prefix_len6,
                gateway6=taken.gateway6 if first and not network.internal else "",
            )
            host_name, mac = self._maker.add_interface(
                sandbox, network, self._bridges[network.id], wanted
            )
            undo.pop_all()
        made = replace(taken, host_interface=host_name, mac=mac)
        sandbox.endpoints[network.id] = made
        return made

    def _take_addresses(
        self, network: Network, request: EndpointRequest, undo: contextlib.ExitStack
    ) -> Endpoint:
        found = Endpoint(network.id, secrets.token_hex(32), request.interface, "", "")
        with self._lock:
            for pool in self._pools[network.id]:
                six = ":" in pool.subnet.prefix
                if found.ip6 if six else found.ip:
                    continue
                address = pool.take(request.ip6 if six else request.ip)
                undo.callback(pool.give_back, address)
                gateway = pool.subnet.gateway
                if six:
                    found = replace(
                        found, ip6=address, prefix_len6=pool.prefix_len, gateway6=gateway
                    )
                else:
                    found = replace(found, ip=address, prefix_len=pool.prefix_len, gateway=gateway)
        return found

    def detach(self, sandbox_id: str, network_id: str) -> None:
        """Take one endpoint from a container that goes on; found gone is fine."""
        endpoint = self._place(sandbox_id).sandbox.endpoints.pop(network_id, None)
        if endpoint is not None:
            self._maker.remove_interface(endpoint.host_interface)
            self._free(endpoint)

    def _give_back(self, sandbox: Sandbox) -> None:
        for endpoint in sandbox.endpoints.values():
            self._free(endpoint)
        sandbox.endpoints.clear()

    def _free(self, endpoint: Endpoint) -> None:
        with self._lock:
            for pool in self._pools.get(endpoint.network_id, ()):
                address = endpoint.ip6 if ":" in pool.subnet.prefix else endpoint.ip
                if address:
                    pool.give_back(address)

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Ports first, then the namespace, then addresses; found gone is fine."""
        with self._lock:
            place = self._places.pop(sandbox_id, None)
        if place is None:
            return
        self._unpublish(place)
        self._maker.remove(place.sandbox)
        self._give_back(place.sandbox)

    # ports ------------------------------------------------------------------------------------

    def publish(
        self, sandbox_id: str, endpoint: Endpoint, wanted: Sequence[PublishedPort]
    ) -> tuple[PublishedPort, ...]:
        """Let ports of the host lead to a container; with the ports that were chosen.

        Raises:
            Conflict: a port is taken. All or none.
        """
        place = self._place(sandbox_id)
        holder = self._ports.hold(wanted, endpoint.ip, endpoint.ip6)
        mappings = tuple(_mappings(holder.ports, endpoint))
        try:
            with self._rules:
                self._nft(nft.add_elements(self._instance, mappings))
                place.holder, place.mappings = holder, mappings
        except BaseException:
            holder.close()
            raise
        return holder.ports

    def unpublish(self, sandbox_id: str) -> None:
        """Take a container's ports back; found gone is fine."""
        with contextlib.suppress(NotFound):
            self._unpublish(self._place(sandbox_id))

    def _unpublish(self, place: _Place) -> None:
        mappings, place.mappings = place.mappings, ()
        if mappings:
            try:
                with self._rules:
                    self._nft(nft.delete_elements(self._instance, mappings))
            except Internal:  # somebody flushed the table: made anew, without these
                self._write_rules()
        place.holder.close()

    # a new daemon -----------------------------------------------------------------------------

    def restore(self, held: Iterable[Held]) -> None:
        """Take over what the last daemon's containers hold; rules are rebuilt in one transaction."""
        for one in held:
            if not one.endpoints:
                continue
            path = self._maker.of_process(one.pid)
            if path is None:  # about to end
                continue
            sandbox = Sandbox(path.name, path, {e.network_id: e for e in one.endpoints})
            self._maker.adopt(sandbox)
            place = _Place(sandbox)
            self._places[one.sandbox_id] = place
            for endpoint in one.endpoints:
                for pool in self._pools.get(endpoint.network_id, ()):
                    address = endpoint.ip6 if ":" in pool.subnet.prefix else endpoint.ip
                    if address:
                        pool.reserve(address)
            self._hold_again(place, one)
        self._restored = True
        self._write_rules()

    def _hold_again(self, place: _Place, one: Held) -> None:
        endpoint = one.endpoints[0]
        place.mappings = tuple(_mappings(one.ports, endpoint))
        for (
            port
        ) in one.ports:  # what somebody took meanwhile is theirs to hold; our rule stands first
            with contextlib.suppress(Exception):
                place.holder.sockets += self._ports.hold([port], endpoint.ip, endpoint.ip6).sockets
        place.holder.ports = one.ports

    def discard_unknown(self) -> None:
        """Remove namespaces and pairs that belong to no place."""
        for token in self.unknown_sandboxes():
            with contextlib.suppress(KernelError):
                self._maker.discard(token)

    def unknown_sandboxes(self) -> list[str]:
        """Namespace files of this exec root that belong to no place and are not ready ones."""
        return self._maker.unknown()

    def discard_sandbox(self, token: str) -> None:
        """Remove one of those."""
        self._maker.discard(token)

    def unknown_links(self) -> list[str]:
        """Pairs' ends here that nobody made who lives; one whose namespace was just let go is given time to go."""
        return self._maker.unknown_links()

    def discard_link(self, name: str) -> None:
        """Remove one of those. Raises: KernelError."""
        self._host.delete_link(name)

    def wrong_rules(self) -> list[str]:
        """What is wrong with our table: it is gone, a published port is missing, or one is there that nobody has.

        What is so only for a moment, since somebody comes or goes just now, does not count.
        """
        found = self._wrong_rules()
        if found:
            time.sleep(RULES_PATIENCE_S)
            now = self._wrong_rules()
            found = [one for one in found if one in now]
        return found

    def _wrong_rules(self) -> list[str]:
        with self._rules:
            done = process.run(
                ["nft", "list", "table", "inet", self._instance], timeout_s=NFT_TIMEOUT_S
            )
            mappings = [one for place in self._places.values() for one in place.mappings]
        if done.returncode:
            return ["the table is gone"]
        found = nft.elements(done.stdout.decode())
        wanted = {one.element for one in mappings}
        return [
            *(f'the published port "{one}" is missing' for one in sorted(wanted - found)),
            *(f'the published port "{one}" is nobody\'s' for one in sorted(found - wanted)),
        ]

    def mend_network(self, network: Network) -> None:
        """Make a lost bridge anew and attach to it what was attached. Raises: KernelError."""
        self.ensure_network(network)
        by_link = {
            one.host_interface: one.network_id
            for place in tuple(self._places.values())
            for one in place.sandbox.endpoints.values()
        }
        default = self._default.id if self._default else ""  # where the ready ones are
        for name in self._maker.links():
            if by_link.get(name, default) == network.id:
                self._host.attach_to_bridge(name, self._bridges[network.id])

    def missing_bridges(self) -> list[Network]:
        """Networks whose bridge is gone."""
        bridged = [one for one in self._networks.values() if one.driver == "bridge"]
        return [one for one in bridged if not self._host.index(one.bridge)]

    def repair_rules(self) -> None:
        """Write the table anew."""
        self._write_rules()

    def close(self) -> None:
        """Leave: what running containers hold stays in the kernel."""
        self._pool.close()
        for place in self._places.values():
            place.holder.close()
        self._host.close()

    def remove_everything(self) -> None:
        """For tests and uninstalling: our table and bridges."""
        self._nft(nft.delete_table(self._instance))
        for network in self._networks.values():
            if network.driver == "bridge":
                self._host.delete_link(network.bridge)


def _mappings(ports: Iterable[PublishedPort], endpoint: Endpoint) -> list[Mapping]:
    """One for each port that the container has an address for, of the host address's family."""
    found = []
    for one in ports:
        six = ":" in one.host_ip
        ip = endpoint.ip6 if six else endpoint.ip
        if ip:
            anywhere = one.host_ip in ("", "0.0.0.0", "::")
            host_ip = "" if anywhere else one.host_ip
            found.append(Mapping(one.protocol, host_ip, one.host_port, ip, one.container_port))
    return found


def _random_mac() -> str:
    """Locally administered, unicast."""
    data = bytearray(secrets.token_bytes(6))
    data[0] = data[0] & 0xFC | 0x02
    return ":".join(f"{one:02x}" for one in data)


def _sysctl(name: str, value: str) -> None:
    """Write a network sysctl unless it is so already. Raises: Internal: it may not be written."""
    path = SYSCTL / name
    try:
        if path.read_text().strip() != value:
            path.write_text(value)
    except OSError as error:
        raise Internal(
            f'cannot set "net/{name}" to {value}: {(error.strerror or "").lower()}; set it on the host'
        ) from error
