"""Questions about the rest of the world: to the servers of the one who asks, one after the other.

A question over UDP goes on over UDP, one over TCP over TCP; an answer is passed on as it came, under the number
that the client gave. A server that is on the host's loopback, or came from the host's own settings, is asked from the
host's network namespace; one that the user named is asked from the container's.
"""

import secrets
import socket
from collections.abc import Callable
from typing import Any

from gorae.errors import KernelError
from gorae.net.dns.place import inside
from gorae.net.dns.zone import Subscriber
from gorae.net.loop import READ, WRITE, Loop, Timer

PORT = 53
PATIENCE_S = 4.0
MAX_SERVERS = 3
Done = Callable[[bytes | None], None]


class Forward:
    """One question under way; `done(answer)`, None when no server answered."""

    def __init__(
        self, loop: Loop, asker: Subscriber, question: bytes, done: Done, *, stream: bool
    ) -> None:
        self._loop = loop
        self._asker = asker
        self._question = question
        self._done = done
        self._stream = stream
        self._servers = list(asker.servers[:MAX_SERVERS])
        self._socket: socket.socket | None = None
        self._timer: Timer | None = None
        self._id = b""
        self._out = b""
        self._in = b""

    def start(self) -> None:
        """Ask the first server, or the next."""
        while self._servers:
            address, from_host = self._servers.pop(0)
            try:
                self._socket = self._open(address, from_host)
            except (OSError, KernelError):
                continue
            self._id = secrets.token_bytes(2)
            message = self._id + self._question[2:]
            self._out = len(message).to_bytes(2, "big") + message if self._stream else message
            self._in = b""
            self._timer = self._loop.later(PATIENCE_S, self._next)
            self._loop.watch(self._socket, WRITE, self._ready)
            return
        self._done(None)

    def _open(self, address: str, from_host: bool) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = socket.SOCK_STREAM if self._stream else socket.SOCK_DGRAM

        def make() -> socket.socket:
            one = socket.socket(family, kind | socket.SOCK_NONBLOCK)
            one.connect_ex((address, PORT))
            return one

        return make() if from_host else inside(self._asker.netns, make)

    def _ready(self, events: int) -> None:
        try:
            self._go_on(events)
        except OSError:
            self._next()

    def _go_on(self, events: int) -> None:
        one: Any = self._socket
        if events & WRITE:
            self._out = self._out[one.send(self._out) :] if self._stream else self._sent(one)
            if not self._out:
                self._loop.watch(one, READ, self._ready)
            return
        data = one.recv(65536)
        if not data:
            raise OSError("the server hung up")
        if self._stream:
            self._in += data
            length = int.from_bytes(self._in[:2], "big")
            if len(self._in) < 2 or len(self._in) < length + 2:
                return
            data = self._in[2 : length + 2]
        if data[:2] == self._id and len(data) >= 12:
            self.close()
            self._done(self._question[:2] + data[2:])

    def _sent(self, one: socket.socket) -> bytes:
        one.send(self._out)
        return b""

    def _next(self) -> None:
        self.close()
        self.start()

    def close(self) -> None:
        """Give the socket back."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._loop.forget(self._socket)
            self._socket.close()
            self._socket = None
