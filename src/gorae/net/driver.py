"""The room's face: networks made and removed, containers put into them, ports published, names made known.

State: which network has which address pool, which sandbox has which endpoints. It is rebuilt by `restore` from
what the engine recorded; the kernel's objects are found by name. Blocking, thread-safe.
"""

import contextlib
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gorae.errors import GoraeError, InvalidArgument, KernelError, NotFound, PermissionDenied
from gorae.net import parent
from gorae.net.dns.zone import Subscriber
from gorae.net.ipam import AddressPool, mac_of
from gorae.net.model import Endpoint, EndpointRequest, Network, PublishedPort
from gorae.net.names import Names
from gorae.net.portplan import Target
from gorae.net.rtnl import Netlink
from gorae.net.rules import Rules
from gorae.net.sandbox import Interface, ReadyPool, Sandbox, SandboxMaker, in_thread


@dataclass(frozen=True, slots=True)
class Held:
    """What a running container holds, as the engine recorded it; `pid`: of a process in its namespace.

    `ports` lead to `target`.
    """

    sandbox_id: str
    pid: int
    endpoints: tuple[Endpoint, ...]
    ports: tuple[PublishedPort, ...] = ()
    target: Target = Target()
    gateways: tuple[str, str] = ("", "")
    """The networks that lead out."""


class NetDriver:
    """All networking of one daemon; `instance` names its table and begins its links' names."""

    def __init__(
        self, exec_root: Path, instance: str = "gorae", publish_mode: str = "auto"
    ) -> None:
        self._host = in_thread(Netlink)  # its library may not meet a running event loop
        self._maker = SandboxMaker(exec_root / "netns", f"{instance[:6]}v", self._host)
        self.rules = Rules(instance, publish_mode, exec_root / "relay", self._host)
        self._names = Names(exec_root / "dns")
        self._networks: dict[str, Network] = {}
        self._joined_now: Counter[str] = Counter()
        """Network -> how many endpoints are being made on it."""
        self._parents: dict[str, int] = {}
        self._pools: dict[str, list[AddressPool]] = {}
        self._places: dict[str, Sandbox] = {}
        self._gateways: dict[str, tuple[str, str]] = {}
        self._default: Network | None = None
        self._lock = threading.RLock()
        self._pool = ReadyPool(self._make_ready, self._maker.remove)

    # networks ---------------------------------------------------------------------------------

    def host_prefixes(self) -> list[str]:
        """Where this host's routes lead."""
        return self._host.prefixes()

    def ensure_network(self, network: Network) -> None:
        """Make what is missing of a network; found made is fine. Raises: KernelError, NotFound: its parent."""
        with self._lock:
            pools = [AddressPool(one) for one in network.subnets]
            self._pools.setdefault(network.id, pools)
            try:
                if network.driver in parent.DRIVERS:
                    self._parents[network.id] = parent.ensure(self._host, network)
                self.rules.add_network(network)
            except BaseException:
                if network.id not in self._networks:
                    self._pools.pop(network.id, None)
                raise
            self._networks[network.id] = network
            if network.name == "bridge":
                self._default = network

    def remove_network(self, network: Network) -> None:
        """Take a network away; found gone is fine. Raises: PermissionDenied: somebody is on it, or about to be."""
        with self._lock:
            used = any(network.id in one.endpoints for one in self._places.values())
            if used or self._joined_now[network.id]:
                raise PermissionDenied(
                    f"error while removing network: network {network.name} has active endpoints"
                )
            self._networks.pop(network.id, None)
            self._pools.pop(network.id, None)
            self._parents.pop(network.id, None)
        self.rules.remove_network(network.id)
        parent.remove(self._host, network)

    # sandboxes --------------------------------------------------------------------------------

    def start_pool(self) -> None:
        """Keep a few sandboxes ready, from now on."""
        self._pool.start()

    def _make_ready(self) -> Sandbox:
        sandbox = self._maker.make()
        try:
            if self._default is not None:
                request = EndpointRequest(self._default.id)
                master = self._parents[self._default.id]
                self._maker.add_blank(sandbox, self._default, master, request.interface)
        except BaseException:
            self._maker.remove(sandbox)
            raise
        return sandbox

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
        four = next((one.network_id for one in requests if one.gateway), "")
        six = next((one.network_id for one in requests if one.gateway6), "")
        with self._lock:
            self._places[sandbox_id] = sandbox
            self._gateways[sandbox_id] = four, six
        return str(sandbox.path)

    def _is_plain(self, request: EndpointRequest) -> bool:
        default = self._default
        plain = replace(request, gateway6=True)
        return default is not None and plain == EndpointRequest(default.id)

    def adopt_sandbox(self, sandbox_id: str, pid: int) -> None:
        """The namespace that a process has already; found known is fine. Raises: KernelError."""
        with self._lock:
            if sandbox_id not in self._places:
                self._places[sandbox_id] = self._maker.pin(pid)

    def _place(self, sandbox_id: str) -> Sandbox:
        try:
            return self._places[sandbox_id]
        except KeyError:
            raise NotFound(f'sandbox "{sandbox_id}" is not there') from None

    def path(self, sandbox_id: str) -> str:
        """The namespace's file. Raises: NotFound."""
        return str(self._place(sandbox_id).path)

    def attach(self, sandbox_id: str, request: EndpointRequest) -> Endpoint:
        """An endpoint on a network.

        Raises:
            InvalidArgument, Conflict, Unavailable: the address. NotFound: the network. KernelError.
        """
        sandbox = self._place(sandbox_id)
        with self._joining(request.network_id) as network:
            return self._add_endpoint(sandbox, network, request)

    @contextlib.contextmanager
    def _joining(self, network_id: str) -> Iterator[Network]:
        """The network, which is not removed meanwhile."""
        with self._lock:
            network = self._networks.get(network_id)
            if network is None:
                raise NotFound(f"network {network_id} not found")
            self._joined_now[network_id] += 1
        try:
            yield network
        finally:
            with self._lock:
                self._joined_now[network_id] -= 1

    def _add_endpoint(
        self, sandbox: Sandbox, network: Network, request: EndpointRequest
    ) -> Endpoint:
        if network.driver not in ("bridge", "macvlan"):
            raise InvalidArgument(f'a container cannot be attached to a "{network.driver}" network')
        with contextlib.ExitStack() as undo:
            taken = self._take_addresses(network, request, undo)
            open_end = not network.internal
            wanted = Interface(
                name=request.interface,
                mtu=network.mtu,
                mac=request.mac or mac_of(taken.ip) or _random_mac(),
                ip=taken.ip,
                prefix_len=taken.prefix_len,
                gateway=taken.gateway if request.gateway and open_end else "",
                ip6=taken.ip6,
                prefix_len6=taken.prefix_len6,
                gateway6=taken.gateway6 if request.gateway6 and open_end else "",
                isolated=not network.icc,
                sysctls=request.sysctls,
                link_local=request.link_local,
            )
            if sandbox.blank is not None:
                host_name, mac = self._maker.fill(sandbox, wanted)
            else:
                host_name, mac = self._maker.add_interface(
                    sandbox, network, self._parents[network.id], wanted
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
            for pool in _pools_for(self._pools[network.id], request):
                six = ":" in pool.subnet.prefix
                if found.ip6 if six else found.ip:
                    continue
                address = pool.take(request.ip6 if six else request.ip)
                undo.callback(pool.give_back, address)
                gateway = "" if network.internal else pool.subnet.gateway
                if six:
                    found = replace(
                        found, ip6=address, prefix_len6=pool.prefix_len, gateway6=gateway
                    )
                else:
                    found = replace(found, ip=address, prefix_len=pool.prefix_len, gateway=gateway)
        return found

    def set_gateways(self, sandbox_id: str, four: str, six: str) -> None:
        """The networks whose gateways lead out, by id; empty: none does. Raises: KernelError."""
        sandbox = self._place(sandbox_id)
        self._gateways[sandbox_id] = four, six
        one, other = sandbox.endpoints.get(four), sandbox.endpoints.get(six)
        self._maker.set_gateways(
            sandbox,
            (one.gateway, one.interface) if one is not None and one.gateway else None,
            (other.gateway6, other.interface) if other is not None and other.gateway6 else None,
        )

    def detach(self, sandbox_id: str, network_id: str) -> None:
        """Take one endpoint from a container that goes on; found gone is fine."""
        sandbox = self._place(sandbox_id)
        endpoint = sandbox.endpoints.pop(network_id, None)
        if endpoint is not None:
            self._maker.remove_interface(sandbox, endpoint)
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
        """Ports first, then names, the namespace, and addresses; found gone is fine."""
        with self._lock:
            sandbox = self._places.pop(sandbox_id, None)
            self._gateways.pop(sandbox_id, None)
        if sandbox is None:
            return
        self.rules.unpublish(sandbox_id)
        self._names.forget(sandbox_id)
        self._maker.remove(sandbox)
        self._give_back(sandbox)

    def gateways(self, sandbox_id: str) -> tuple[str, str]:
        """The networks that lead out, of IPv4 and of IPv6; empty: none does."""
        return self._gateways.get(sandbox_id, ("", ""))

    def interfaces(self) -> list[str]:
        """The host's links by which somebody may call: our bridges and pairs left out."""
        ours = {one.bridge for one in self._networks.values()} | set(self._maker.links())
        return [name for name in self._host.links("") if name not in ours]

    def prefixes(self, network_id: str) -> tuple[str, ...]:
        """A network's subnets; none of one that is gone."""
        network = self._networks.get(network_id)
        return tuple(one.prefix for one in network.subnets) if network else ()

    # names ------------------------------------------------------------------------------------

    def set_names(self, one: Subscriber) -> None:
        """What a sandbox is called and whom it may ask; `netns` is filled in here. Raises: NotFound."""
        self._names.set(replace(one, netns=self.path(one.token)))

    def restore_names(self, many: Iterable[Subscriber]) -> None:
        """Those of all running containers, when a daemon comes up."""
        here = [one for one in many if one.token in self._places]
        self._names.restore([replace(one, netns=self.path(one.token)) for one in here])

    # a new daemon -----------------------------------------------------------------------------

    def restore(self, held: Iterable[Held]) -> None:
        """Take over what the last daemon's containers hold; rules are rebuilt in one transaction."""
        for one in held:
            path = self._maker.of_process(one.pid)
            if path is None:  # about to end
                continue
            sandbox = Sandbox(path.name, path, {e.network_id: e for e in one.endpoints})
            self._maker.adopt(sandbox)
            self._places[one.sandbox_id] = sandbox
            self._gateways[one.sandbox_id] = one.gateways
            for endpoint in one.endpoints:
                for pool in self._pools.get(endpoint.network_id, ()):
                    address = endpoint.ip6 if ":" in pool.subnet.prefix else endpoint.ip
                    if address:
                        pool.reserve(address)
            self.rules.restore(one.sandbox_id, one.ports, one.target)
        self.rules.write()
        for sandbox_id, endpoint in self.loose_endpoints():
            with contextlib.suppress(GoraeError):  # `system check` tells of it
                self.repair_endpoint(sandbox_id, endpoint)

    def discard_unknown(self) -> None:
        """Remove namespaces and pairs that belong to no place."""
        for token in self.unknown_sandboxes():
            with contextlib.suppress(KernelError):
                self._maker.discard(token)
        for name in self.unknown_links():
            with contextlib.suppress(KernelError):
                self._host.delete_link(name)

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

    def missing_bridges(self) -> list[Network]:
        """Networks whose bridge is gone."""
        bridged = [one for one in self._networks.values() if one.driver == "bridge"]
        return [one for one in bridged if not self._host.index(one.bridge)]

    def loose_endpoints(self) -> list[tuple[str, Endpoint]]:
        """(sandbox, endpoint) whose host's end is gone or stands on no bridge.

        The bridge went away, or a daemon died between two steps of a disconnect.
        """
        found = []
        for sandbox_id, sandbox in tuple(self._places.items()):
            for endpoint in tuple(sandbox.endpoints.values()):
                network = self._networks.get(endpoint.network_id)
                if network is None or network.driver != "bridge":
                    continue
                if self._host.master(endpoint.host_interface) != self._parents[network.id]:
                    found.append((sandbox_id, endpoint))
        return found

    def repair_network(self, network: Network) -> None:
        """Make a bridge that went away anew, and put the links of its containers on it."""
        self.ensure_network(network)
        for sandbox_id, endpoint in self.loose_endpoints():
            if endpoint.network_id == network.id:
                self.repair_endpoint(sandbox_id, endpoint)
        if network == self._default:  # where the ready ones are
            used = {e.host_interface for s in self._places.values() for e in s.endpoints.values()}
            for name in set(self._maker.links()) - used:
                self._host.attach_to_bridge(name, self._parents[network.id])

    def repair_endpoint(self, sandbox_id: str, endpoint: Endpoint) -> None:
        """Put a host's end on its bridge, and make a pair that is gone anew. Raises: KernelError."""
        network = self._networks[endpoint.network_id]
        parent = self._parents[network.id]
        name, isolated = endpoint.host_interface, not network.icc
        if self._host.attach_to_bridge(name, parent, isolated=isolated):
            return
        wanted = Interface(
            name=endpoint.interface,
            mtu=network.mtu,
            mac=endpoint.mac,
            ip=endpoint.ip,
            prefix_len=endpoint.prefix_len,
            ip6=endpoint.ip6,
            prefix_len6=endpoint.prefix_len6,
            isolated=isolated,
        )
        sandbox = self._place(sandbox_id)
        self._maker.add_interface(sandbox, network, parent, wanted, name)
        self.set_gateways(sandbox_id, *self._gateways.get(sandbox_id, ("", "")))

    def close(self) -> None:
        """Leave: what running containers hold stays in the kernel and in the programs that outlive us."""
        self._pool.close()
        self.rules.close()
        self._names.close()
        self._host.close()

    def remove_everything(self) -> None:
        """For tests and uninstalling: our table and bridges."""
        self.rules.remove_table()
        for network in self._networks.values():
            if network.driver == "bridge":
                self._host.delete_link(network.bridge)


def _pools_for(pools: Sequence[AddressPool], request: EndpointRequest) -> list[AddressPool]:
    """Those that hold the addresses asked for come first: a network may have several subnets of a family."""
    return sorted(pools, key=lambda one: not (one.has(request.ip) or one.has(request.ip6)))


def _random_mac() -> str:
    """Locally administered, unicast."""
    data = bytearray(secrets.token_bytes(6))
    data[0] = data[0] & 0xFC | 0x02
    return ":".join(f"{one:02x}" for one in data)
