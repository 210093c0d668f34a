"""Between a blocking worker and the event loop: a body as a file, a file as an answer.

The worker waits when the client is slow, and fails when the client has left.
"""

import asyncio
import contextlib
import io
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import CancelledError, Future
from typing import Any, BinaryIO, TypeVar

from aiohttp import StreamReader

from gorae.errors import Cancelled, Unavailable

T = TypeVar("T")
PIECE = 1 << 20
PIECES_AHEAD = 4
AHEAD_BYTES = 2 << 20


class BodyReader(io.RawIOBase):
    """A request's body, for a worker thread to read: the loop brings some of it ahead."""

    def __init__(self, content: StreamReader) -> None:
        self._content = content
        self._loop = asyncio.get_running_loop()
        self._left = b""
        self._over = False
        self._pump: Future[None] | None = None
        self._bringing: asyncio.Task[Any] | None = None
        self._pieces: deque[bytes] = deque()
        self._ahead_bytes = 0
        self._change = threading.Condition()
        self._room = asyncio.Event()

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, b"" at the end; all that is left when negative.

        Raises:
            Unavailable: the client left before the end. Cancelled: nobody waits for the work any
            more.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        if not self._left and not self._over:
            self._left = self._next()
            self._over = not self._left
        if len(self._left) <= size:
            piece, self._left = self._left, b""
        else:
            piece, self._left = self._left[:size], self._left[size:]
        return piece

    def readinto(self, buffer: Any) -> int:
        """As read."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self) -> bytes:
        if self.closed:
            raise Cancelled("the client left")
        if self._pump is None:
            self._pump = asyncio.run_coroutine_threadsafe(self._bring(), self._loop)
            self._pump.add_done_callback(lambda _: self._tell())
        with self._change:
            while not self._pieces and not self._pump.done():
                self._change.wait()
            if self._pieces:
                return self._take()
        try:
            self._pump.result()
        except CancelledError:
            raise Cancelled("the client left") from None
        except Exception as error:  # aiohttp's many ways to say that the connection broke
            raise Unavailable("the client left before the request was complete") from error
        return b""

    def _take(self) -> bytes:
        """All that is here; the loop brings more."""
        taken = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        was_full, self._ahead_bytes = self._ahead_bytes >= AHEAD_BYTES, 0
        if was_full:
            self._loop.call_soon_threadsafe(self._room.set)
        return taken

    async def _bring(self) -> None:
        """In the loop, until the body's end; it waits while the worker has enough."""
        self._bringing = asyncio.current_task()
        while piece := await self._content.readany():
            self._room.clear()
            with self._change:
                self._pieces.append(piece)
                self._ahead_bytes += len(piece)
                is_full = self._ahead_bytes >= AHEAD_BYTES
                self._change.notify()
            if is_full:
                await self._room.wait()

    def _tell(self) -> None:
        with self._change:
            self._change.notify()

    def close(self) -> None:
        """Nobody reads on."""
        if self._pump is not None:
            self._pump.cancel()
        super().close()

    async def aclose(self) -> None:
        """As close, and the body is free for another reader: the server reads on to the end of the request.

        A server that cannot do so breaks the connection, and the client never sees the answer.
        """
        self.close()
        if self._bringing is not None:
            await asyncio.wait({self._bringing})


class AnswerWriter(io.RawIOBase):
    """What a worker thread writes, as pieces for the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(PIECES_AHEAD)
        self._buffer = bytearray()
        self.left = False
        """The client is gone; further writing fails."""

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Raises: Cancelled: the client left; also when there is nothing to write."""
        if self.left:
            raise Cancelled("the client left")
        size = len(data)
        if size >= PIECE // 4:
            self.flush()
            self._put(bytes(data))
            return size
        self._buffer += data
        if len(self._buffer) >= PIECE:
            self.flush()
        return size

    def flush(self) -> None:
        """Hand on what was gathered. Raises: Cancelled."""
        if self._buffer:
            self._put(bytes(self._buffer))
            self._buffer.clear()

    def _put(self, piece: bytes) -> None:
        """Without a wait for the loop, unless it has some to send already."""
        while not self.left:
            if self._room.acquire(timeout=1):
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
                return
        raise Cancelled("the client left")

    async def pieces(self, work: Awaitable[Any]) -> AsyncIterator[bytes]:
        """What comes while `work` runs; its error at the end.

        `work` is the worker's own future: it is awaited to its end even when nobody listens any
        more.
        """
        task = asyncio.ensure_future(work)
        getting: asyncio.Task[bytes] | None = None
        try:
            while not task.done() or not self._pieces.empty():
                getting = asyncio.ensure_future(self._pieces.get())
                await asyncio.wait({getting, task}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    self._room.release()
                    yield getting.result()
                else:
                    getting.cancel()
            task.result()
            if self._buffer:
                yield bytes(self._buffer)
        finally:
            self.left = True
            if getting is not None:
                getting.cancel()
            if not task.done():
                task.add_done_callback(lambda one: one.cancelled() or one.exception())


async def written(
    run: Callable[..., Awaitable[Any]], write: Callable[[BinaryIO], Any]
) -> AsyncIterator[bytes]:
    """What blocking work writes to a file; it has ended when this has."""
    out = AnswerWriter()
    work = asyncio.ensure_future(run(write, out))
    try:
        async for piece in out.pieces(work):
            yield piece
    finally:
        out.left = True
        await ended(work)


async def ended(work: "asyncio.Future[Any]") -> None:
    """Wait for a worker, however often the waiting is cancelled; its error is told elsewhere."""
    cancelled = False
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            cancelled = True
    with contextlib.suppress(BaseException):
        work.exception()
    if cancelled:
        raise asyncio.CancelledError


async def lines_of(
    run: Callable[..., Awaitable[Any]], work: Callable[[Callable[[bytes], None]], T]
) -> AsyncIterator[bytes]:
    """Progress lines of blocking work: what `work(emit)` emits in a worker thread."""
    writer = AnswerWriter()

    def emit(line: bytes) -> None:
        writer.write(line)
        writer.flush()

    async for piece in writer.pieces(run(work, emit)):
        yield piece
