"""Notices that a client closed its connection for good, where reading tells no difference from a half close.

After the end of input the event loop reads no more and would only learn of it by writing; the kernel reports a hang-up
of a unix socket by itself to whoever asks for no event at all. Of TCP the next output tells.
"""

import asyncio
import select
import socket
from collections.abc import Callable


class Departure:
    """Calls `gone` once, when the peer of a socket has closed both directions."""

    def __init__(self, sock: socket.socket, gone: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._gone = gone
        self._epoll = select.epoll()
        self._epoll.register(sock.fileno(), 0)  # EPOLLHUP and EPOLLERR are always reported
        self._loop.add_reader(self._epoll.fileno(), self._ready)

    def _ready(self) -> None:
        self.close()
        self._gone()

    def close(self) -> None:
        """Stop watching; found closed is fine."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
