"""The streams of a process and those who are attached to them.

A `Hub` holds the one connection to the monitor's attach socket and hands what arrives to every `Attachment`.
Attachments may come before the process starts (docker attaches, then starts) and stay over its end until the
last byte was given. All of it lives on the event loop; nothing here blocks.

Flow: monitor --(SEQPACKET frames)--> Hub --(stream, bytes)--> Attachment --> the API's transport. When one reader
is full the hub stops reading, the socket fills, and the monitor waits: nothing is dropped and nothing piles up.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable

from gorae.engine.model import AttachOptions
from gorae.runtime import attach

Output = Callable[[int, bytes], None]
FRAMES_PER_WAKE = 64
MAX_STDIN_BACKLOG = 1 << 20


class Attachment:
    """One client's end. `closed` is done when there is nothing more to come."""

    def __init__(self, hub: "Hub", options: AttachOptions) -> None:
        self._hub = hub
        self.options = options
        self._output: Output | None = None
        self._early: deque[tuple[int, bytes]] = deque()
        self.paused = False
        self._replaying = False
        self._over = False
        self._room: asyncio.Future[None] | None = None
        self.left = False
        """Whether the client detached on purpose."""
        self.on_detach: Callable[[], None] | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_output(self, callback: Output) -> None:
        """Who takes the output from now on; what came before is given at once."""
        self._output = callback
        self._flush()
        self._has_room()

    @property
    def holds_back(self) -> bool:
        """Whether the process's output is to wait for this client."""
        return self.paused or self._replaying

    def begin_replay(self) -> None:
        """What was written before is to come first: the process's output waits."""
        self._replaying = True
        self._hub.update_reading()

    async def replay(self, past: AsyncIterator[tuple[int, bytes]]) -> None:
        """Give what was written before, no faster than the client takes it."""
        try:
            async for stream, data in past:
                self.deliver(stream, data)
                while (self.paused or self._early) and not self.closed.done():
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
                if self.closed.done():
                    return
        finally:
            self._replaying = False
            if self._over:
                self.finish()
            self._hub.update_reading()

    def _has_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def deliver(self, stream: int, data: bytes) -> None:
        """Output for this client, kept until somebody takes it."""
        if stream == attach.STDERR and not self.options.stderr:
            return
        if stream == attach.STDOUT and not self.options.stdout:
            return
        if self._output is not None and not self.paused and not self._early:
            self._output(stream, data)
        else:
            self._early.append((stream, data))

    def _flush(self) -> None:
        while self._early and self._output is not None and not self.paused:
            self._output(*self._early.popleft())

    def write_stdin(self, data: bytes) -> None:
        """Bytes for the process's standard input."""
        if self.options.stdin:
            self._hub.write_stdin(data)

    def close_stdin(self) -> None:
        """The client's end of input."""
        if self.options.stdin:
            self._hub.close_stdin()

    @property
    def stdin_full(self) -> bool:
        """Whether the client should wait before it sends more."""
        return self._hub.stdin_full

    def on_stdin_ready(self, callback: Callable[[], None]) -> None:
        """Call once when a full standard input has room again."""
        self._hub.on_drain(callback)

    def pause_output(self) -> None:
        """The client cannot take more now."""
        self.paused = True
        self._hub.update_reading()

    def resume_output(self) -> None:
        """The client has room again."""
        self.paused = False
        self._flush()
        self._has_room()
        self._hub.update_reading()

    def detach(self) -> None:
        """The client left; the process does not notice, unless somebody asked for `on_detach`."""
        self._hub.leave(self)
        callback, self.on_detach = self.on_detach, None
        if callback is not None:
            callback()
        self._replaying = False
        self.finish()
        self._has_room()

    def finish(self) -> None:
        """Nothing more comes, but what is being replayed."""
        self._over = True
        if not self._replaying and not self.closed.done():
            self.closed.set_result(None)


class Hub:
    """The attach socket of one process (or none yet) and its attachments.

    `stdin_once`: the client's end of input is the process's.
    """

    def __init__(self, *, stdin_once: bool = True) -> None:
        self.stdin_once = stdin_once
        self.attachments: list[Attachment] = []
        self._sock: socket.socket | None = None
        self._reading = False
        self._stdin: deque[bytes] = deque()
        self._stdin_bytes = 0
        self._stdin_ended = False
        self._drain: list[Callable[[], None]] = []
        self._idle: asyncio.Future[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the process's streams are connected."""
        return self._sock is not None

    @property
    def stdin_full(self) -> bool:
        """Whether more input than the limit waits for the process."""
        return self._stdin_bytes >= MAX_STDIN_BACKLOG

    def attach(self, options: AttachOptions) -> Attachment:
        """A new client's end."""
        one = Attachment(self, options)
        self.attachments.append(one)
        return one

    def leave(self, attachment: Attachment) -> None:
        """Forget a client; the others read on."""
        if attachment in self.attachments:
            self.attachments.remove(attachment)
        self.update_reading()

    def connect(self, sock: socket.socket) -> None:
        """Take a connected, non-blocking attach socket; input that came early is sent now."""
        self._sock = sock
        self._idle = asyncio.get_running_loop().create_future()
        self.update_reading()
        self._send_stdin()

    async def drained(self, timeout_s: float) -> None:
        """Wait until the monitor closed its end and all output was read."""
        if self._idle is not None:
            done, _ = await asyncio.wait([self._idle], timeout=timeout_s)
            if not done:
                self._close()

    def finish(self) -> None:
        """The process is gone: every client gets its end, the next run starts clean."""
        self._close()
        for one in tuple(self.attachments):
            one.finish()
        self.attachments.clear()
        self._stdin.clear()
        self._stdin_bytes = 0
        self._stdin_ended = False

    # output -----------------------------------------------------------------------------------

    def update_reading(self) -> None:
        """Read while every client has room."""
        wanted = self._sock is not None and not any(a.holds_back for a in self.attachments)
        if wanted == self._reading or self._sock is None:
            return
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_reader(self._sock, self._readable)
        else:
            loop.remove_reader(self._sock)
        self._reading = wanted

    def _readable(self) -> None:
        for _ in range(FRAMES_PER_WAKE):
            if self._sock is None or not self._reading:
                return
            try:
                frame = self._sock.recv(attach.FRAME_LIMIT)
            except BlockingIOError:
                return
            except OSError:
                frame = b""
            if not frame:
                self._close()
                return
            stream, data = attach.decode(frame)
            for one in tuple(self.attachments):
                one.deliver(stream, data)

    def _close(self) -> None:
        if self._sock is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sock)
            loop.remove_writer(self._sock)
            self._sock.close()
            self._sock = None
            self._reading = False
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    # input ------------------------------------------------------------------------------------

    def write_stdin(self, data: bytes) -> None:
        """Queue input and send what the socket takes."""
        for start in range(0, len(data), attach.STDIN_LIMIT):
            piece = data[start : start + attach.STDIN_LIMIT]
            self._stdin.append(piece)
            self._stdin_bytes += len(piece)
        self._send_stdin()

    def close_stdin(self) -> None:
        """The end of input, after all that was queued; of no effect where others may still attach."""
        if self.stdin_once:
            self._stdin_ended = True
            self._send_stdin()

    def on_drain(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the queue is below its limit."""
        if self.stdin_full:
            self._drain.append(callback)
        else:
            callback()

    def _send_stdin(self) -> None:
        if self._sock is None:
            return
        loop = asyncio.get_running_loop()
        while self._stdin:
            try:
                self._sock.send(self._stdin[0])
            except BlockingIOError:
                loop.add_writer(self._sock, self._send_stdin)
                return
            except OSError:  # the process closed its input; its exit will tell the client
                self._stdin.clear()
                self._stdin_bytes = 0
                break
            self._stdin_bytes -= len(self._stdin.popleft())
        loop.remove_writer(self._sock)
        if self._stdin_ended:
            self._stdin_ended = False
            attach.end_stdin(self._sock)
        if not self.stdin_full:
            callbacks, self._drain = self._drain, []
            for callback in callbacks:
                callback()
