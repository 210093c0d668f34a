"""Ports of the host, held by bound sockets: what we hold nobody else gets, and the reverse."""

import errno
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gorae.errors import Conflict, InvalidArgument, Unavailable
from gorae.net.model import PublishedPort

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "sctp": socket.SOCK_STREAM}
RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
CONNECTIONS = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
MOST_TRIED = 2000
_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Held:
    """A port and its socket."""

    port: PublishedPort
    socket: socket.socket


class _TakenByUs(OSError):
    """Another container of this daemon has the port."""

    def __init__(self) -> None:
        super().__init__(errno.EADDRINUSE, "")


class Holder:
    """Binds ports; where the choice is ours, they are taken in turn, so that one just freed rests."""

    def __init__(self) -> None:
        self._next = 0
        self._ours: set[Place] = set()

    def hold(self, wanted: Sequence[PublishedPort], ip: str) -> list[Held]:
        """Bind every port, choosing free ones where 0 or a range is given; all or none.

        A port on no certain address is held on IPv4 and IPv6. `ip`: the container's, for the sentence.

        Raises:
            Conflict: a port is taken, with docker's sentence.
        """
        found: list[Held] = []
        try:
            for one in wanted:
                found += self._hold_one(one, ip)
        except BaseException:
            self.release(found)
            raise
        return found

    def release(self, held: Iterable[Held]) -> None:
        """Let the ports go."""
        for one in held:
            self._ours.discard(_place(one.port))
            one.socket.close()

    def _hold_one(self, one: PublishedPort, ip: str) -> list[Held]:
        if one.protocol not in _KINDS:
            raise InvalidArgument(f"invalid proto: {one.protocol}")
        addresses = [one.host_ip] if one.host_ip else ["0.0.0.0", "::"]
        last_error: OSError | None = None
        ours = False
        for number in self._candidates(one):
            made: list[Held] = []
            try:
                for address in addresses:
                    port = replace(one, host_ip=address, host_port=number, host_port_end=0)
                    if any(_clash(_place(port), other) for other in self._ours):
                        raise _TakenByUs
                    sock = _bind(one.protocol, address, number)
                    if sock is not None:
                        made.append(Held(port, sock))
            except _TakenByUs as error:
                self.release(made)
                ours, last_error = True, error
            except OSError as error:
                self.release(made)
                last_error = error
            else:
                if not made:
                    raise Unavailable(
                        f"this kernel has no {one.protocol}: port {number} cannot be published"
                    )
                self._ours |= {_place(held.port) for held in made}
                return made
        if last_error is None or (not one.host_port and last_error.errno == errno.EADDRINUSE):
            raise Unavailable("no free port is left on this host")
        if ours:
            raise Conflict(
                f"Bind for {addresses[0]}:{one.host_port} failed: port is already allocated"
            )
        words = os.strerror(last_error.errno or 0).lower()
        raise Conflict(
            f"failed to bind host port for {addresses[0]}:{one.host_port}:{ip}:"
            f"{one.container_port}/{one.protocol}: {words}"
        )

    def _candidates(self, one: PublishedPort) -> "range | list[int]":
        if one.host_port:
            return range(one.host_port, max(one.host_port, one.host_port_end) + 1)
        first, last = (int(word) for word in RANGE_FILE.read_text().split())
        count = last - first + 1
        start = self._next % count
        self._next = start + 1
        return [first + (start + n) % count for n in range(min(count, MOST_TRIED))]


Place = tuple[str, str, int]
"""Protocol, address, port."""


def _place(port: PublishedPort) -> Place:
    return port.protocol, port.host_ip, port.host_port


def _clash(one: Place, other: Place) -> bool:
    """Whether two sockets of one family would receive the same packets."""
    if (one[0], one[2]) != (other[0], other[2]) or (":" in one[1]) != (":" in other[1]):
        return False
    return one[1] == other[1] or bool({one[1], other[1]} & {"0.0.0.0", "::"})


def _bind(protocol: str, address: str, port: int) -> socket.socket | None:
    """A bound socket; None where the host has no IPv6 (or no SCTP)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number = getattr(socket, "IPPROTO_SCTP", 132) if protocol == "sctp" else 0
    try:
        one = socket.socket(family, _KINDS[protocol] | socket.SOCK_NONBLOCK, number)
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
            return None
        raise
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if (
            protocol == "tcp"
        ):  # a listener of a moment ago leaves connections behind that would keep it from us
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _refuse_shared(family, address, port)
        one.bind((address, port))
    except OSError as error:
        one.close()
        if family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL and address == "::":
            return None
        raise
    return one


def _refuse_shared(family: int, address: str, port: int) -> None:
    """SO_REUSEADDR lets sockets that do not listen share a port: a bind without it tells of another holder."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not _has_connections(port):
                raise


def _has_connections(port: int) -> bool:
    """Whether connections of this local port are still there, the usual reason why it cannot be bound alone.

    Source: proc_net(5), tcp: the second column is address:port in hexadecimal.
    """
    for path in CONNECTIONS:
        try:
            lines = path.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] != _LISTEN and int(words[1].rpartition(":")[2], 16) == port:
                return True
    return False
