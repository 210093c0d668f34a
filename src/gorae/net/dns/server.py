"""The server's sockets and its program: `python -m gorae.net.dns CONTROL`.

    in each sandbox's namespace     127.0.0.11, a free port, UDP and TCP; rules there lead port 53 of that address to
                                    them, so that a container may still run a name server of its own on port 53
    CONTROL                         set, drop, keep: see `control`

One thread. What a container can make it do is bounded: questions under way, connections, bytes.
"""

import os
import signal
import socket
from dataclasses import dataclass, field
from typing import Any

from gorae.linux import nftables
from gorae.net.control import Control
from gorae.net.dns import answer as answers
from gorae.net.dns.forward import Forward
from gorae.net.dns.place import inside
from gorae.net.dns.zone import Zone, subscriber
from gorae.net.loop import READ, Loop
from gorae.version import VERSION

ADDRESS = "127.0.0.11"
MAX_FORWARDS = 256
"""Questions under way of one container; further ones are refused, which tells it to try again."""
MAX_STREAMS = 32
STREAM_PATIENCE_S = 10.0
MESSAGE_BYTES = 65536

RULES = """
add table ip gorae_names
delete table ip gorae_names
table ip gorae_names {{
  chain output {{
    type nat hook output priority -100; policy accept;
    ip daddr {address} udp dport 53 dnat to {address}:{udp}
    ip daddr {address} tcp dport 53 dnat to {address}:{tcp}
  }}
}}
"""


@dataclass(slots=True)
class _Seat:
    """The sockets in one sandbox."""

    token: str
    netns_inode: int
    udp: socket.socket
    tcp: socket.socket
    forwards: set[Forward] = field(default_factory=set)
    streams: set[socket.socket] = field(default_factory=set)


class Server:
    """Answers for all sandboxes of one daemon."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._zone = Zone()
        self._seats: dict[str, _Seat] = {}
        self._turn = 0

    # what the daemon asks for -----------------------------------------------------------------

    def handlers(self) -> dict[str, Any]:
        """By the word of the control socket."""
        return {"version": lambda _: VERSION, "set": self.set, "drop": self.drop, "keep": self.keep}

    def set(self, asked: dict[str, Any]) -> None:
        """What a sandbox is called and whom it may ask; its sockets are made when it is new."""
        one = subscriber(asked["subscriber"])
        inode = os.stat(one.netns).st_ino
        seat = self._seats.get(one.token)
        if seat is not None and seat.netns_inode != inode:
            self._unseat(one.token)
            seat = None
        if seat is None and one.memberships:
            self._seats[one.token] = self._seat(one.token, one.netns, inode)
        self._zone.put(one)

    def drop(self, asked: dict[str, Any]) -> None:
        """A sandbox that is going; found gone is fine."""
        self._zone.drop(asked["token"])
        self._unseat(asked["token"])

    def keep(self, asked: dict[str, Any]) -> None:
        """Only these go on: a new daemon says what is left."""
        for token in set(self._seats) - set(asked["tokens"]):
            self.drop({"token": token})

    def idle(self) -> bool:
        """Whether nobody can ask."""
        return not self._seats

    # sockets ----------------------------------------------------------------------------------

    def _seat(self, token: str, netns: str, inode: int) -> _Seat:
        def make() -> tuple[socket.socket, socket.socket]:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                udp.bind((ADDRESS, 0))
                tcp.bind((ADDRESS, 0))
                tcp.listen(16)
                ports = {"udp": udp.getsockname()[1], "tcp": tcp.getsockname()[1]}
                nftables.run(RULES.format(address=ADDRESS, **ports))
            except BaseException:
                udp.close()
                tcp.close()
                raise
            return udp, tcp

        udp, tcp = inside(netns, make)
        seat = _Seat(token, inode, udp, tcp)
        self._loop.watch(udp, READ, lambda _: self._datagrams(seat))
        self._loop.watch(tcp, READ, lambda _: self._accept(seat))
        return seat

    def _unseat(self, token: str) -> None:
        seat = self._seats.pop(token, None)
        if seat is None:
            return
        for forward in tuple(seat.forwards):
            forward.close()
        for one in (seat.udp, seat.tcp, *seat.streams):
            self._loop.forget(one)
            one.close()

    def _datagrams(self, seat: _Seat) -> None:
        for _ in range(64):
            try:
                data, sender = seat.udp.recvfrom(MESSAGE_BYTES)
            except OSError:
                return
            self._question(seat, data, lambda reply, to=sender: _send(seat.udp, reply, to))

    def _accept(self, seat: _Seat) -> None:
        try:
            one, _address = seat.tcp.accept()
        except OSError:
            return
        if len(seat.streams) >= MAX_STREAMS:
            one.close()
            return
        one.settimeout(0)
        seat.streams.add(one)
        buffer = bytearray()
        timer = self._loop.later(STREAM_PATIENCE_S, lambda: self._hang_up(seat, one))

        def ready(_: int) -> None:
            try:
                data = one.recv(MESSAGE_BYTES)
            except OSError:
                data = b""
            buffer.extend(data)
            if not data:
                timer.cancel()
                self._hang_up(seat, one)
            self._messages(seat, one, buffer)

        self._loop.watch(one, READ, ready)

    def _messages(self, seat: _Seat, one: socket.socket, buffer: bytearray) -> None:
        while len(buffer) >= 2 and len(buffer) >= 2 + (length := int.from_bytes(buffer[:2], "big")):
            message = bytes(buffer[2 : 2 + length])
            del buffer[: 2 + length]
            self._question(seat, message, lambda reply: _send_stream(one, reply), stream=True)

    def _hang_up(self, seat: _Seat, one: socket.socket) -> None:
        if one in seat.streams:
            seat.streams.discard(one)
            self._loop.forget(one)
            one.close()

    # questions --------------------------------------------------------------------------------

    def _question(self, seat: _Seat, data: bytes, reply: Any, *, stream: bool = False) -> None:
        asked = answers.parse(data)
        if asked is None or seat.token not in self._zone:
            return
        self._turn += 1
        room = MESSAGE_BYTES if stream else asked.room_bytes
        found = answers.answer(self._zone, seat.token, asked, self._turn)
        asker = self._zone.get(seat.token)
        if found is None and (not asker.forwards or len(seat.forwards) >= MAX_FORWARDS):
            found = answers.refused(asked)
        if found is not None:
            reply(answers.packed(found, room))
            return

        def done(answer: bytes | None) -> None:
            seat.forwards.discard(forward)
            reply(answer if answer is not None else answers.packed(answers.refused(asked), room))

        forward = Forward(self._loop, asker, data, done, stream=stream)
        seat.forwards.add(forward)
        forward.start()


def _send(one: socket.socket, reply: bytes, to: Any) -> None:
    try:
        one.sendto(reply, to)
    except OSError:  # it is gone, or its queue is full: the client asks again
        return


def _send_stream(one: socket.socket, reply: bytes) -> None:
    try:
        one.sendall(len(reply).to_bytes(2, "big") + reply)
    except OSError:
        return


def main(argv: list[str]) -> int:
    """Serve until nobody is left."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    loop = Loop()
    server = Server(loop)
    control = Control(loop, argv[0], server.handlers())
    control.idle = server.idle
    loop.stop_on(signal.SIGTERM, signal.SIGINT)
    loop.run()
    control.close()
    return 0
