"""One connection on its way to a container and back: bytes by splice(2), never through this program.

Each direction has a pipe only while there is something in it: an idle connection costs two descriptors. The end of one
direction is passed on as a half close. Readiness is level-triggered and reading is never unregistered while the
other side keeps up, so that a chunk costs two calls.
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable

from gorae.net.loop import READ, WRITE, Loop

CHUNK_BYTES = 1 << 20
ROUNDS = 8
"""Chunks in a row before the other connections have their turn."""
SMALL_BYTES = 32 << 10
SPARE_PIPES = 64
_SPLICE = 1 | 2  # SPLICE_F_MOVE, SPLICE_F_NONBLOCK


class Pipes:
    """Pipes that are empty just now."""

    def __init__(self) -> None:
        self._spare: list[tuple[int, int]] = []

    def take(self) -> tuple[int, int]:
        """(read end, write end). Raises: OSError: no descriptor is left."""
        if self._spare:
            return self._spare.pop()
        pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(
            OSError
        ):  # the kernel's limit for all pipes is reached: the usual size does
            fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, CHUNK_BYTES)
        return pipe

    def give_back(self, pipe: tuple[int, int], *, empty: bool) -> None:
        """For the next one, if nothing is in it."""
        if empty and len(self._spare) < SPARE_PIPES:
            self._spare.append(pipe)
        else:
            os.close(pipe[0])
            os.close(pipe[1])


class _Direction:
    """From `source` to `sink`."""

    __slots__ = ("ended", "inside", "pipe", "sink", "source", "waiting")

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.pipe: tuple[int, int] | None = None
        self.inside = 0
        self.ended = False
        self.waiting = False
        """For room in the sink."""

    def pump(self, pipes: Pipes) -> None:
        """Move what can be moved. Raises: OSError: the connection is broken."""
        for _ in range(ROUNDS):
            if not self.inside and not self._fill(pipes):
                return
            if not self._drain(pipes):
                return

    def _fill(self, pipes: Pipes) -> bool:
        if self.ended:
            return False
        if self.pipe is None:
            self.pipe = pipes.take()
        try:
            self.inside = os.splice(self.source.fileno(), self.pipe[1], CHUNK_BYTES, flags=_SPLICE)
        except BlockingIOError:
            self._empty(pipes)
            return False
        if not self.inside:
            self.ended = True
            self._empty(pipes)
            with contextlib.suppress(OSError):
                self.sink.shutdown(socket.SHUT_WR)
            return False
        return True

    def _drain(self, pipes: Pipes) -> bool:
        """Whether there may be more to read at once."""
        assert self.pipe is not None
        brought = self.inside
        while self.inside:
            try:
                self.inside -= os.splice(
                    self.pipe[0], self.sink.fileno(), self.inside, flags=_SPLICE
                )
            except BlockingIOError:
                self.waiting = True
                return False
        self.waiting = False
        if brought < SMALL_BYTES:
            self._empty(pipes)
            return False
        return True

    def _empty(self, pipes: Pipes) -> None:
        if self.pipe is not None:
            pipes.give_back(self.pipe, empty=True)
            self.pipe = None

    def close(self, pipes: Pipes) -> None:
        if self.pipe is not None:
            pipes.give_back(self.pipe, empty=not self.inside)
            self.pipe = None


class Flow:
    """A client's connection and ours to the container; `over` is called at its end."""

    def __init__(
        self,
        loop: Loop,
        pipes: Pipes,
        client: socket.socket,
        server: socket.socket,
        over: Callable[["Flow"], None],
    ) -> None:
        self._loop = loop
        self._pipes = pipes
        self._over = over
        self._up = _Direction(client, server)
        self._down = _Direction(server, client)
        self._open = True
        self._masks: dict[int, int] = {}
        loop.watch(server, WRITE, self._connected)

    def _connected(self, _: int) -> None:
        """The container answered, or it refused: then the client is refused as well."""
        if self._down.source.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.close(reset=True)
            return
        self._watch()

    def _watch(self) -> None:
        """Read what is not at its end or blocked, write where the other side's bytes wait."""
        for one, other in ((self._up, self._down), (self._down, self._up)):
            mask = 0 if one.ended or one.waiting else READ
            mask |= WRITE if other.waiting else 0
            fd = one.source.fileno()
            if self._masks.get(fd, 0) != mask:
                self._masks[fd] = mask
                ready = self._from_client if one is self._up else self._from_server
                self._loop.watch(one.source, mask, ready)

    def _from_client(self, events: int) -> None:
        self._ready(events, self._up, self._down)

    def _from_server(self, events: int) -> None:
        self._ready(events, self._down, self._up)

    def _ready(self, events: int, reading: _Direction, writing: _Direction) -> None:
        try:
            if events & WRITE and writing.waiting:
                writing.pump(self._pipes)
            if events & READ and not reading.waiting:
                reading.pump(self._pipes)
        except OSError:
            self.close(reset=True)
            return
        if self._up.ended and self._down.ended and not (self._up.inside or self._down.inside):
            self.close()
        else:
            self._watch()

    def close(self, *, reset: bool = False) -> None:
        """Both ends; `reset` tells the peers that it broke."""
        if not self._open:
            return
        self._open = False
        for direction in (self._up, self._down):
            one = direction.source
            self._loop.forget(one)
            if reset:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            one.close()
            direction.close(self._pipes)
        self._over(self)
