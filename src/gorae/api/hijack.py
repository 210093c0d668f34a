"""The hijack: after the answer's head the connection belongs to a process's streams.

Two forms of head: 101 for clients that ask for an upgrade, 200 for older ones. The head goes out
alone, and output waits until the client has read it: some read it through a buffer and lose what stands behind it. Then
our own protocol is put on the transport; aiohttp's would close it when the client ends its input,
and all later output would be lost.

Flow: client bytes -> (detach keys) -> Attachment -> process; process -> Attachment -> (frame) ->
client. A full side pauses the other; nothing is kept.
"""

import asyncio
import contextlib
import fcntl
import select
import socket
import struct
import termios
from collections.abc import Callable
from typing import Protocol, cast

from aiohttp import web

from gorae.api import answer
from gorae.api.call import Call
from gorae.api.departure import Departure
from gorae.wire import stdcopy
from gorae.wire.detachkeys import DetachFilter
from gorae.wire.version import ApiVersion

HEAD_PAUSES_S = (0.0005, 0.0005, 0.001, 0.002, 0.004, 0.008)
_INT = struct.Struct("i")
WRITE_HIGH_WATER = 256 << 10
MULTIPLEXED_SINCE = ApiVersion(1, 42)


class Attachment(Protocol):
    """One client's end of a process's streams, on the event loop."""

    @property
    def closed(self) -> "asyncio.Future[None]":
        """Done when nothing more comes."""

    @property
    def stdin_full(self) -> bool:
        """Whether the client should wait before it sends more."""

    def on_output(self, callback: Callable[[int, bytes], None]) -> None:
        """Who takes the output (stream, bytes)."""

    def write_stdin(self, data: bytes) -> None:
        """Input for the process."""

    def close_stdin(self) -> None:
        """The client's end of input."""

    def on_stdin_ready(self, callback: Callable[[], None]) -> None:
        """Call once when a full input has room."""

    def pause_output(self) -> None:
        """The client cannot take more."""

    def resume_output(self) -> None:
        """It can again."""

    left: bool

    def detach(self) -> None:
        """The client left; `left`: by the detach keys."""


class HijackProtocol(asyncio.Protocol):
    """Couples a transport and an attachment. `done` is set when both are."""

    def __init__(
        self,
        transport: asyncio.Transport,
        before: asyncio.BaseProtocol,
        attachment: Attachment,
        *,
        framed: bool,
        detach: DetachFilter | None,
    ) -> None:
        self._transport = transport
        self._before = before
        self._attachment = attachment
        self._framed = framed
        self._detach = detach
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def detached(self) -> bool:
        """Whether the client typed the detach keys."""
        return self._detach is not None and self._detach.found

    def begin(self) -> None:
        """Take the transport over: what the client sends is input from now on."""
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        self._transport.set_protocol(self)
        if not self._transport.is_reading():
            self._transport.resume_reading()

    def flow(self) -> None:
        """Let output flow."""
        self._attachment.on_output(self._output)
        self._attachment.closed.add_done_callback(self._ended)

    # from the process -------------------------------------------------------------------------

    def _output(self, stream: int, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._framed:
            data = stdcopy.header(stream, len(data)) + data
        self._transport.write(data)

    def _ended(self, _: "asyncio.Future[None]") -> None:
        """Everything was given; what the transport still holds is sent before it closes."""
        self._attachment.resume_output()
        self._transport.close()

    # from the client --------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Input; a full process stops the reading."""
        if self._detach is not None:
            data = self._detach.feed(data)
        if data:
            self._attachment.write_stdin(data)
        if self.detached:
            self._attachment.left = True
            self._attachment.detach()
        elif self._attachment.stdin_full:
            self._transport.pause_reading()
            self._attachment.on_stdin_ready(self._stdin_ready)

    def _stdin_ready(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def eof_received(self) -> bool:
        """The end of input is not the end of output: the transport stays open.

        A client that is gone altogether shows a hang-up on its socket, and is let go.
        """
        if self._detach is not None:
            self._attachment.write_stdin(self._detach.flush())
        self._attachment.close_stdin()
        if _hung_up(self._transport):
            self._transport.abort()
        return True

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._attachment.pause_output()

    def resume_writing(self) -> None:
        """It caught up."""
        self._attachment.resume_output()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone: the process does not notice, aiohttp's books are closed."""
        self._attachment.detach()
        if not self.done.done():
            self.done.set_result(None)
        cast("asyncio.Protocol", self._before).connection_lost(exc)


def _hung_up(transport: asyncio.Transport) -> bool:
    """Whether the peer closed both directions; on TCP that cannot be told from a half-close."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock.fileno(), 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))


class Hijacked(web.Response):
    """Stands for an answer that was already given on the raw connection."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing: the head is out."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: the connection is not HTTP any more."""


def content_type(call: Call, *, tty: bool) -> str:
    """The type of a hijacked stream; before 1.42 it was always "raw"."""
    return answer.RAW if tty or call.version < MULTIPLEXED_SINCE else answer.MULTIPLEXED


def wants_upgrade(call: Call) -> bool:
    """Whether the client asked for 101."""
    words = call.request.headers.get("Connection", "").lower()
    return "upgrade" in words and "Upgrade" in call.request.headers


async def hijack(
    call: Call, attachment: Attachment, *, tty: bool, detach: DetachFilter | None = None
) -> bool:
    """Couple the client with a process until one of them ends; whether it was by detach keys."""
    request = call.request
    transport = cast("asyncio.Transport", request.transport)
    if transport is None or transport.is_closing():
        attachment.detach()
        return False
    protocol = HijackProtocol(
        transport, request.protocol, attachment, framed=not tty, detach=detach
    )
    departure = Departure(transport.get_extra_info("socket"), transport.abort)
    transport.write(_head(call, tty=tty))
    protocol.begin()
    try:
        await _until_taken(transport.get_extra_info("socket"))
        protocol.flow()
        await protocol.done
    finally:
        departure.close()
        attachment.detach()
        transport.close()
    return protocol.detached


async def _until_taken(sock: socket.socket) -> None:
    """Until a unix socket's peer has read all that was sent, or a moment has passed; of TCP nothing tells.

    Source: unix_ioctl() of the kernel: SIOCOUTQ is what the peer has not read.
    """
    if sock.family != socket.AF_UNIX:
        return
    for pause_s in HEAD_PAUSES_S:
        with contextlib.suppress(OSError, ValueError):
            unread = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
            if not _INT.unpack(unread)[0]:
                return
        await asyncio.sleep(pause_s)


def _head(call: Call, *, tty: bool) -> bytes:
    if wants_upgrade(call):
        kind = content_type(call, tty=tty)
        upgrade = call.request.headers["Upgrade"].split(",")[0].strip()
        upgrade = upgrade if upgrade.isalnum() else "tcp"
        head = f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {kind}\r\n"
        return f"{head}Connection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n".encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {answer.RAW}\r\n\r\n".encode()
