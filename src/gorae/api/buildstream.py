"""The connection of gorae's own build endpoint, on the event loop; the build's threads talk through it.

Frames out wait while the client is slow; frames in are handed to whoever waits for them: answers by their question's
id, data by their stream's. A client that closes its sending half, or is gone, ends the build.
"""

import asyncio
import base64
import binascii
import contextlib
import io
import itertools
import os
import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

from gorae.errors import Cancelled, GoraeError, InvalidArgument
from gorae.wire import build as wire
from gorae.wire import codec

AHEAD = 32
ANSWER_TIMEOUT_S = 600
PIECE = 64 << 10
WRITE_HIGH_WATER = 1 << 20
MAX_SIZE = 1 << 16


class BuildStream(asyncio.Protocol):
    """One connection. `left` is called once when the client is gone."""

    def __init__(
        self,
        transport: asyncio.Transport,
        before: asyncio.BaseProtocol,
        left: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._before = before
        self._left = left
        self._frames = wire.Frames()
        self._ids = itertools.count(1)
        self._answers: dict[int, Future[wire.Answer]] = {}
        self._streams: dict[int, Incoming] = {}
        self._writable = threading.Event()
        self._writable.set()
        self._gone = False
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self.resized: Callable[[int, int], None] = lambda rows, columns: None
        """Called on the loop with the size (rows, columns) of the client's window."""

    def begin(self, head: bytes) -> None:
        """Take the transport over."""
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        self._transport.write(head)
        self._transport.set_protocol(self)
        if not self._transport.is_reading():
            self._transport.resume_reading()

    # from the client, on the loop -------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Frames, in pieces."""
        try:
            for channel, stream, payload in self._frames.feed(data):
                if channel == wire.JSON:
                    self._document(payload)
                elif stream in self._streams:
                    self._streams[stream].put(payload)
        except GoraeError:
            self._transport.abort()

    def _document(self, payload: bytes) -> None:
        document = codec.decode(wire.ClientDocument, payload)
        answer, size = document.answer, document.resize
        if size is not None and 0 < size.rows < MAX_SIZE and 0 < size.columns < MAX_SIZE:
            self.resized(size.rows, size.columns)
        waiting = self._answers.pop(answer.id, None) if answer else None
        if waiting is not None and answer is not None:
            waiting.set_result(answer)

    def eof_received(self) -> bool:
        """No more answers can come: the build is cancelled, and what it still says is sent."""
        self._leave()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody listens."""
        self._leave()
        if not self.lost.done():
            self.lost.set_result(None)
        cast("asyncio.Protocol", self._before).connection_lost(exc)

    def _leave(self) -> None:
        if self._gone:
            return
        self._gone = True
        self._writable.set()
        for waiting in self._answers.values():
            waiting.set_exception(Cancelled("the client left"))
        self._answers.clear()
        for stream in self._streams.values():
            stream.abandon()
        self._left()

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It caught up."""
        self._writable.set()

    def pause_reading(self) -> None:
        """Too much has come that nobody has taken."""
        self._loop.call_soon_threadsafe(self._transport.pause_reading)

    def resume_reading(self) -> None:
        """There is room again."""
        self._loop.call_soon_threadsafe(self._resume)

    def _resume(self) -> None:
        if not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    # from the build's threads -----------------------------------------------------------------

    def _send(self, frame: bytes) -> None:
        self._writable.wait()
        self._loop.call_soon_threadsafe(self._write, frame)

    def _write(self, frame: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame)

    def say(self, document: object) -> None:
        """One document; a client that is gone does not hear it."""
        self._send(wire.json_frame(codec.encode(document)))

    def send_data(self, stream: int, data: bytes | memoryview) -> None:
        """A piece of a stream of ours. Raises: Cancelled: the client left."""
        if self._gone:
            raise Cancelled("the client left")
        self._send(wire.data_frame(stream, data))

    def ask(self, kind: str, **more: Any) -> tuple[wire.Answer, "Incoming"]:
        """A question's answer, and the stream that may follow it.

        Raises:
            Cancelled: the client left. InvalidArgument: it said no.
        """
        number = next(self._ids)
        waiting: Future[wire.Answer] = Future()
        incoming = Incoming(self, number)
        with _gone_is_cancelled(self):
            self._answers[number] = waiting
            self._streams[number] = incoming
            if self._gone:
                raise Cancelled("the client left")
            self.say({"ask": {"id": number, "kind": kind, **more}})
            answer = waiting.result(ANSWER_TIMEOUT_S)
        if not answer.ok:
            incoming.close()
            raise InvalidArgument(answer.error or f"the client cannot give the {kind}")
        return answer, incoming

    def output(self, kind: str, dest: str) -> "Outgoing":
        """A stream of ours to the client."""
        number = next(self._ids)
        self.say({"output": {"id": number, "type": kind, "dest": dest}})
        return Outgoing(self, number)

    def forget(self, stream: int) -> None:
        """Nobody takes its data any more."""
        self._streams.pop(stream, None)
        self._answers.pop(stream, None)


@contextlib.contextmanager
def _gone_is_cancelled(stream: BuildStream):  # type: ignore[no-untyped-def]
    try:
        yield
    except TimeoutError:
        raise Cancelled("the client did not answer") from None


class Incoming(io.RawIOBase):
    """Data of one stream of the client, for a thread to read."""

    def __init__(self, owner: BuildStream, number: int) -> None:
        self._owner = owner
        self.number = number
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._rest = b""
        self._over = False
        self._full = False

    def put(self, data: bytes) -> None:
        """On the loop: a piece; an empty one is the end."""
        self._pieces.put(data)
        if self._pieces.qsize() > AHEAD and not self._full:
            self._full = True
            self._owner.pause_reading()

    def abandon(self) -> None:
        """The client left."""
        self._pieces.put(None)

    def readable(self) -> bool:
        """Yes."""
        return True

    def piece(self) -> bytes:
        """The next piece, empty at the end. Raises: Cancelled: the client left before it."""
        found = self._pieces.get()
        if self._full and self._pieces.qsize() <= AHEAD // 2:
            self._full = False
            self._owner.resume_reading()
        if found is None:
            self._pieces.put(None)
            raise Cancelled("the client left")
        return found

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all when negative. Raises: Cancelled."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        if not self._rest and not self._over:
            self._rest = self.piece()
            self._over = not self._rest
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def close(self) -> None:
        """Nothing more is wanted."""
        if not self.closed:
            self._owner.forget(self.number)
            if self._full:
                self._owner.resume_reading()
        super().close()


class Outgoing(io.RawIOBase):
    """A stream of ours, as a file to write."""

    def __init__(self, owner: BuildStream, number: int) -> None:
        self._owner = owner
        self._number = number
        self._buffer = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Raises: Cancelled: the client left."""
        self._buffer += data
        if len(self._buffer) >= PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Send what was gathered. Raises: Cancelled."""
        view = memoryview(bytes(self._buffer))
        self._buffer.clear()
        for at in range(0, len(view), wire.MAX_DATA_BYTES):
            self._owner.send_data(self._number, view[at : at + wire.MAX_DATA_BYTES])

    def finish(self) -> None:
        """The stream's end. Raises: Cancelled."""
        self.flush()
        self._owner.send_data(self._number, b"")


class StreamClient:
    """What a build asks its client: see `build.session.Client`."""

    def __init__(self, stream: BuildStream, secrets: set[str], agents: set[str]) -> None:
        self._stream = stream
        self._secrets = secrets
        self._agents = agents

    def secret(self, secret_id: str) -> bytes | None:
        """See Client."""
        if secret_id not in self._secrets:
            return None
        answer, incoming = self._stream.ask("secret", name=secret_id)
        incoming.close()
        try:
            return base64.b64decode(answer.value, validate=True)
        except binascii.Error:
            raise InvalidArgument(f'secret "{secret_id}": the answer is not base64') from None

    def secrets(self) -> dict[str, bytes]:
        """See Client: what the client cannot give is told when a step wants it."""
        found = {}
        for one in sorted(self._secrets):
            with contextlib.suppress(InvalidArgument):
                found[one] = self.secret(one) or b""
        return found

    def ssh(self, agent_id: str, path: str) -> Callable[[], None] | None:
        """See Client: each connection to the socket is one question."""
        if agent_id not in self._agents:
            return None
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(16)
        thread = threading.Thread(
            target=self._serve, args=(listener, agent_id), name="build-ssh", daemon=True
        )
        thread.start()

        def stop() -> None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

        return stop

    def output(self, kind: str, dest: str) -> Outgoing:
        """See Client."""
        return self._stream.output(kind, dest)

    def _serve(self, listener: socket.socket, agent_id: str) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._relay, args=(connection, agent_id), name="build-ssh", daemon=True
            ).start()

    def _relay(self, connection: socket.socket, agent_id: str) -> None:
        with connection, contextlib.suppress(GoraeError, OSError):
            _, incoming = self._stream.ask("ssh", name=agent_id)
            back = threading.Thread(
                target=_pump, args=(incoming, connection), name="build-ssh", daemon=True
            )
            back.start()
            try:
                while data := connection.recv(PIECE):
                    self._stream.send_data(incoming.number, data)
                self._stream.send_data(incoming.number, b"")
            finally:
                back.join(1)
                incoming.close()


def _pump(incoming: Incoming, connection: socket.socket) -> None:
    with contextlib.suppress(GoraeError, OSError):
        while data := incoming.piece():
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
