"""The program that holds all published ports of one daemon: `python -m gorae.net.relay CONTROL`.

    hold     bind ports for a sandbox; the answer names those that were chosen
    aim      where a sandbox's ports lead, and which of them accept connections
    release  let a sandbox's ports go; its connections end
    keep     only these sandboxes go on

A connection to the container comes from the client's own address (IP_TRANSPARENT), so that the container sees who
calls; the answers find their way back here by a mark (`net.nft`). It comes from the bridge's address where the
client's cannot be used: from the loopback, from the container's own network, and from the other address family.
"""

import contextlib
import ipaddress
import resource
import signal
import socket
from dataclasses import asdict, dataclass, field
from typing import Any

from gorae.errors import Conflict
from gorae.net.control import Control
from gorae.net.loop import READ, Loop
from gorae.net.model import PublishedPort
from gorae.net.relay.datagrams import Datagrams
from gorae.net.relay.flow import Flow, Pipes
from gorae.net.relay.holder import Held, Holder
from gorae.version import VERSION

BACKLOG = 4096
ACCEPTED_AT_ONCE = 32
IP_TRANSPARENT = 19
IPV6_TRANSPARENT = 75
DESCRIPTORS_EACH = 6
RESERVED_DESCRIPTORS = 256


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the ports of one host address family lead. `near`: networks whose clients' addresses cannot be used."""

    ip: str
    listen: bool
    near: tuple[Any, ...] = ()


@dataclass(slots=True)
class _Sandbox:
    held: list[Held] = field(default_factory=list)
    aims: dict[str, Aim] = field(default_factory=dict)
    flows: set[Flow] = field(default_factory=set)
    datagrams: dict[int, Datagrams] = field(default_factory=dict)
    listening: set[int] = field(default_factory=set)


class Relay:
    """All ports of one daemon."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._holder = Holder()
        self._pipes = Pipes()
        self._sandboxes: dict[str, _Sandbox] = {}
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        self._most = max(16, (limit - RESERVED_DESCRIPTORS) // DESCRIPTORS_EACH)
        self._count = 0

    def handlers(self) -> dict[str, Any]:
        """By the word of the control socket."""
        return {
            "version": lambda _: VERSION,
            "hold": self.hold,
            "aim": self.aim,
            "release": self.release,
            "keep": self.keep,
        }

    def idle(self) -> bool:
        """Whether nothing is held."""
        return not self._sandboxes

    # what the daemon asks for -----------------------------------------------------------------

    def hold(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """All ports or none; with `again` each that can be had, and those already held stay."""
        token = asked["token"]
        wanted = [PublishedPort(**one) for one in asked["ports"]]
        old = self._sandboxes.get(token)
        held: list[Held] = []
        if asked.get("again"):
            held = list(old.held) if old else []
            known = {one.port for one in held}
            for one in wanted:
                if one not in known:
                    with contextlib.suppress(Conflict):
                        held += self._holder.hold([one], asked["ip"])
        else:
            held = self._holder.hold(wanted, asked["ip"])
            if old is not None:  # more ports for a container that has some
                held, added = [*old.held, *held], held
                self._keep(token, held)
                return [asdict(one.port) for one in added]
        self._keep(token, held)
        return [asdict(one.port) for one in held]

    def _keep(self, token: str, held: list[Held]) -> None:
        if held:
            self._sandboxes.setdefault(token, _Sandbox()).held = held

    def aim(self, asked: dict[str, Any]) -> None:
        """From now on; connections that are there go on as they are."""
        sandbox = self._sandboxes.get(asked["token"])
        if sandbox is None:
            return
        sandbox.aims = {
            family: Aim(
                one["ip"],
                bool(one["listen"]),
                tuple(ipaddress.ip_network(text) for text in one["near"]),
            )
            for family, one in asked["aims"].items()
        }
        for held in sandbox.held:
            aim = sandbox.aims.get(_family(held.port))
            self._listen(sandbox, held, aim if aim is not None and aim.listen and aim.ip else None)

    def _listen(self, sandbox: _Sandbox, held: Held, aim: Aim | None) -> None:
        fd = held.socket.fileno()
        if held.port.protocol == "udp":
            old = sandbox.datagrams.pop(fd, None)
            if old is not None:
                old.close()
            if aim is not None:
                target = (aim.ip, held.port.container_port)
                sandbox.datagrams[fd] = Datagrams(self._loop, held.socket, target)
        elif held.port.protocol == "tcp" and (aim is not None) != (fd in sandbox.listening):
            if aim is not None:
                held.socket.listen(BACKLOG)
                sandbox.listening.add(fd)
                self._loop.watch(held.socket, READ, lambda _: self._accept(sandbox, held))
            else:
                self._loop.forget(held.socket)
                sandbox.listening.discard(fd)
                held.socket.shutdown(socket.SHUT_RD)  # of a listener: it is only bound again

    def release(self, asked: dict[str, Any]) -> None:
        """All ports of a sandbox, or those of `ports`; found gone is fine."""
        sandbox = self._sandboxes.get(asked["token"])
        if sandbox is None:
            return
        some = asked.get("ports")
        gone = [PublishedPort(**one) for one in some] if some is not None else None
        leaving = [one for one in sandbox.held if gone is None or one.port in gone]
        for one in leaving:
            self._listen(sandbox, one, None)
            self._loop.forget(one.socket)
        self._holder.release(leaving)
        sandbox.held = [one for one in sandbox.held if one not in leaving]
        if not sandbox.held:
            del self._sandboxes[asked["token"]]
            for flow in tuple(sandbox.flows):
                flow.close(reset=True)

    def keep(self, asked: dict[str, Any]) -> None:
        """A new daemon says what is left."""
        for token in set(self._sandboxes) - set(asked["tokens"]):
            self.release({"token": token})

    # connections ------------------------------------------------------------------------------

    def _accept(self, sandbox: _Sandbox, held: Held) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, address = held.socket.accept()
            except OSError:
                return
            if self._count >= self._most:
                client.close()
                continue
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            aim = sandbox.aims[_family(held.port)]
            try:
                server = _connect(aim, address, held.port.container_port)
            except OSError:
                client.close()
                continue
            self._count += 1
            sandbox.flows.add(
                Flow(self._loop, self._pipes, client, server, lambda f: self._over(sandbox, f))
            )

    def _over(self, sandbox: _Sandbox, flow: Flow) -> None:
        self._count -= 1
        sandbox.flows.discard(flow)


def _family(port: PublishedPort) -> str:
    return "6" if ":" in port.host_ip else "4"


def _connect(aim: Aim, client: Any, port: int) -> socket.socket:
    """A connection to the container that is being made, in the client's name where that can be."""
    six = ":" in aim.ip
    one = socket.socket(
        socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK
    )
    try:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = ipaddress.ip_address(client[0].partition("%")[0])
        if _usable(address, aim, six=six):
            _pretend(one, str(address), client[1], six=six)
        one.connect_ex((aim.ip, port))
    except BaseException:
        one.close()
        raise
    return one


def _usable(address: Any, aim: Aim, *, six: bool) -> bool:
    if address.is_loopback or address.is_link_local or (address.version == 6) != six:
        return False
    return not any(address in network for network in aim.near)


def _pretend(one: socket.socket, address: str, port: int, *, six: bool) -> None:
    level, option = (
        (socket.IPPROTO_IPV6, IPV6_TRANSPARENT) if six else (socket.IPPROTO_IP, IP_TRANSPARENT)
    )
    one.setsockopt(level, option, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((address, port))
    except OSError:  # the client is a socket of this host: its port is taken, its address is not
        one.bind((address, 0))


def main(argv: list[str]) -> int:
    """Serve until nothing is held."""
    for number in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    loop = Loop()
    relay = Relay(loop)
    control = Control(loop, argv[0], relay.handlers())
    control.idle = relay.idle
    loop.stop_on(signal.SIGTERM, signal.SIGINT)
    loop.run()
    control.close()
    return 0
