"""UDP where no rule can lead it: from an address family, or from `::1`, that the container has not.

Each client has a socket of its own towards the container for as long as packets come and go.
"""

import contextlib
import socket
from typing import Any

from gorae.net.loop import READ, Loop, Timer

IDLE_S = 90.0
MAX_CLIENTS = 1024
PACKET_BYTES = 65536


class Datagrams:
    """One port's packets."""

    def __init__(self, loop: Loop, front: socket.socket, target: tuple[str, int]) -> None:
        self._loop = loop
        self._front = front
        self._target = target
        self._clients: dict[Any, tuple[socket.socket, Timer]] = {}
        loop.watch(front, READ, self._ready)

    def _ready(self, _: int) -> None:
        for _n in range(64):
            try:
                data, sender = self._front.recvfrom(PACKET_BYTES)
            except OSError:
                return
            back = self._back(sender)
            if back is not None:
                with contextlib.suppress(OSError):
                    back.send(data)

    def _back(self, sender: Any) -> socket.socket | None:
        known = self._clients.pop(sender, None)
        if known is not None:
            back, timer = known
            timer.cancel()
        elif len(self._clients) >= MAX_CLIENTS:
            return None
        else:
            family = socket.AF_INET6 if ":" in self._target[0] else socket.AF_INET
            back = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                back.connect(self._target)
            except OSError:
                back.close()
                return None
            self._loop.watch(back, READ, lambda _: self._answer(back, sender))
        self._clients[sender] = back, self._loop.later(IDLE_S, lambda: self._forget(sender))
        return back

    def _answer(self, back: socket.socket, sender: Any) -> None:
        for _ in range(64):
            try:
                data = back.recv(PACKET_BYTES)
                self._front.sendto(data, sender)
            except OSError:
                return

    def _forget(self, sender: Any) -> None:
        back, timer = self._clients.pop(sender)
        timer.cancel()
        self._loop.forget(back)
        back.close()

    def close(self) -> None:
        """The front stays, for whoever gave it."""
        self._loop.forget(self._front)
        for sender in tuple(self._clients):
            self._forget(sender)
