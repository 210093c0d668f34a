"""Ports of the host, held by bound sockets that never listen: what we hold nobody else gets, and the reverse.

The daemon's death lets the sockets go; the rules stay in the kernel, and the next daemon binds again.
"""

import errno
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gorae.errors import Conflict, InvalidArgument, Unavailable
from gorae.net.model import PublishedPort

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "sctp": socket.SOCK_STREAM}
RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(slots=True)
class Holder:
    """The sockets of one container's ports."""

    ports: tuple[PublishedPort, ...] = ()
    sockets: list[socket.socket] = field(default_factory=list)

    def close(self) -> None:
        """Let the ports go."""
        for one in self.sockets:
            one.close()
        self.sockets.clear()


class Ports:
    """Who holds which port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0

    def hold(self, wanted: Sequence[PublishedPort], ip: str, ip6: str) -> Holder:
        """Bind every port, choosing free ones where 0 or a range is given; all or none.

        A port on no certain address is held on IPv4 and IPv6. `ip`, `ip6`: the container's, for the sentence.

        Raises:
            Conflict: a port is taken, with docker's sentence.
        """
        holder = Holder()
        made: list[PublishedPort] = []
        try:
            with self._lock:
                for one in wanted:
                    made += self._hold_one(one, holder, ip)
        except BaseException:
            holder.close()
            raise
        holder.ports = tuple(made)
        return holder

    def _hold_one(self, one: PublishedPort, holder: Holder, ip: str) -> list[PublishedPort]:
        if one.protocol not in _KINDS:
            raise InvalidArgument(f"invalid proto: {one.protocol}")
        addresses = [one.host_ip] if one.host_ip else ["0.0.0.0", "::"]
        last_error: OSError | None = None
        for port in self._candidates(one):
            try:
                socks = [_bind(one.protocol, address, port) for address in addresses]
            except OSError as error:
                last_error = error
                continue
            holder.sockets += [s for s in socks if s is not None]
            return [
                replace(one, host_ip=address, host_port=port, host_port_end=0)
                for address, sock in zip(addresses, socks, strict=True)
                if sock is not None
            ]
        if last_error is None or (not one.host_port and last_error.errno == errno.EADDRINUSE):
            raise Unavailable("no free port is left on this host")
        words = (last_error.strerror or "cannot be bound").lower()
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
        return [first + (start + n) % count for n in range(min(count, 2000))]


def _bind(protocol: str, address: str, port: int) -> socket.socket | None:
    """A bound socket; None where the host has no IPv6 (or no SCTP)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number = getattr(socket, "IPPROTO_SCTP", 132) if protocol == "sctp" else 0
    try:
        one = socket.socket(family, _KINDS[protocol], number)
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
            return None
        raise
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
    except OSError as error:
        one.close()
        if family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL and address == "::":
            return None
        raise
    return one
