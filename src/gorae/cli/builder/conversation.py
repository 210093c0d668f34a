"""The two-way stream of one build: documents and data frames (see `gorae.wire.build` for its form).

The engine asks while it builds: for a secret's value, an agent's bytes, a folder's upload. Whoever answers is looked
up in `Answers`; what cannot be answered is told, and the build fails with that sentence.
"""

from __future__ import annotations

import binascii
import select
import socket
from collections import deque

from gorae.client import jsontext
from gorae.errors import GoraeError, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from gorae.client.transport import Hijacked

    Asked = dict[str, Any]

    class Peer(Protocol):
        """The other end of a stream in both directions: an agent's socket, or a terminal."""

        def fileno(self) -> int: ...
        def recv(self, size: int, /) -> bytes: ...
        def sendall(self, data: bytes, /) -> None: ...
        def close(self) -> None: ...


HEAD = 5
MAX_FRAME = 64 << 20
DATA = 60 << 10
DOCUMENT, BYTES = ord("j"), ord("d")
TICK_MS = 150
AHEAD = 4
"""Frames that wait for the engine before more is read for it."""


class Answers:
    """Who answers what the engine asks.

    Shape: `secret(asked)` gives the value; `agent(asked)` the path of a socket; `upload(asked)` pieces of a tar;
    `output(announced)` takes pieces of an exporter's stream, the empty one is the end; `terminal(asked)` whoever sits
    at a shell.
    """

    def __init__(
        self,
        *,
        secret: Callable[[Asked], bytes],
        agent: Callable[[Asked], str],
        upload: Callable[[Asked], Iterator[bytes]],
        output: Callable[[Asked], Callable[[bytes], None]],
        auth: Callable[[Asked], dict[str, Any]],
        terminal: Callable[[Asked], Peer] | None = None,
    ) -> None:
        self.secret = secret
        self.agent = agent
        self.upload = upload
        self.output = output
        self.auth = auth
        self.terminal = terminal


class Conversation:
    """Runs the stream to its end. `documents` gets what is neither a question nor an output."""

    def __init__(
        self,
        stream: Hijacked,
        answers: Answers,
        documents: Callable[[dict[str, Any]], None],
        tick: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._answers = answers
        self._documents = documents
        self._tick = tick
        self._buffer = bytearray()
        self._outgoing: deque[memoryview] = deque()
        self._agents: dict[int, Peer] = {}
        self._listening: set[int] = set()
        self._uploads: dict[int, Iterator[bytes]] = {}
        self._outputs: dict[int, Callable[[bytes], None]] = {}
        self._poll = select.poll()

    def run(self) -> None:
        """Until the engine closes.

        Raises:
            OSError: the connection broke. GoraeError: an output could not be written.
        """
        if self._stream.pending:
            self._take(self._stream.receive())
        while True:
            self._feed_uploads()
            if not self._wait():
                return

    def _wait(self) -> bool:
        wanted = select.POLLIN | (select.POLLOUT if self._outgoing else 0)
        self._poll.register(self._stream.fileno(), wanted)
        for identifier in self._listening:  # who types is read only while there is room
            fd = self._agents[identifier].fileno()
            self._poll.modify(fd, select.POLLIN if len(self._outgoing) < AHEAD else 0)
        found = self._poll.poll(0 if self._uploads and len(self._outgoing) < AHEAD else TICK_MS)
        if not found:
            self._tick()
        for descriptor, events in found:
            if descriptor != self._stream.fileno():
                self._from_agent(descriptor)
                continue
            if events & select.POLLOUT:
                self._flush()
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                data = self._stream.receive()
                if not data:
                    return False
                self._take(data)
        return True

    # incoming ---------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        self._buffer += data
        position = 0
        while len(self._buffer) - position >= HEAD:
            size = int.from_bytes(self._buffer[position : position + 4], "big")
            if size > MAX_FRAME or not size:
                raise Unavailable("the daemon's build stream is broken: a frame of a wrong size")
            if len(self._buffer) - position < 4 + size:
                break
            kind = self._buffer[position + 4]
            payload = bytes(self._buffer[position + HEAD : position + 4 + size])
            position += 4 + size
            self._frame(kind, payload)
        del self._buffer[:position]

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind == BYTES:
            self._data(int.from_bytes(payload[:4], "big"), payload[4:])
            return
        document = jsontext.decode(payload)
        if "ask" in document:
            self._asked(document["ask"])
        elif "output" in document:
            announced = document["output"]
            self._outputs[announced["id"]] = self._answers.output(announced)
        else:
            self._documents(document)

    def _data(self, identifier: int, data: bytes) -> None:
        if identifier in self._agents:
            if data:
                self._agents[identifier].sendall(data)
            else:
                self._close_agent(identifier)
        elif identifier in self._outputs:
            self._outputs[identifier](data)
            if not data:
                del self._outputs[identifier]

    # answers ----------------------------------------------------------------------------------

    def _asked(self, asked: Asked) -> None:
        identifier, more = asked["id"], {}
        try:
            match asked["kind"]:
                case "secret":
                    value = self._answers.secret(asked)
                    more = {"value": binascii.b2a_base64(value, newline=False).decode()}
                case "ssh":
                    self._open_agent(identifier, self._answers.agent(asked))
                case "terminal" if self._answers.terminal is not None:
                    self._join(identifier, self._answers.terminal(asked), stays=True)
                case "upload":
                    self._uploads[identifier] = self._answers.upload(asked)
                case "auth":
                    more = self._answers.auth(asked)
                case kind:
                    raise Unavailable(
                        f"the daemon asks for {kind!r}, which this client does not know"
                    )
        except (GoraeError, OSError) as error:
            text = str(error)
            self.say({"answer": {"id": identifier, "ok": False, "error": text}})
            return
        self.say({"answer": {"id": identifier, "ok": True, **more}})

    def say(self, document: dict[str, Any]) -> None:
        """Send one document."""
        self._send(DOCUMENT, jsontext.encode(document).encode("utf-8", "surrogateescape"))

    def _send(self, kind: int, payload: bytes) -> None:
        head = (len(payload) + 1).to_bytes(4, "big") + bytes((kind,))
        self._outgoing.append(memoryview(head + payload))
        self._flush()

    def _send_data(self, identifier: int, data: bytes) -> None:
        self._send(BYTES, identifier.to_bytes(4, "big") + data)

    def _flush(self) -> None:
        while self._outgoing:
            first = self._outgoing[0]
            sent = self._stream.send_some(bytes(first) if len(first) < DATA else first.tobytes())
            if sent < len(first):
                self._outgoing[0] = first[sent:]
                return
            self._outgoing.popleft()

    def _feed_uploads(self) -> None:
        """A little of each upload while there is room: the engine's answers are read in between."""
        for identifier, pieces in tuple(self._uploads.items()):
            if len(self._outgoing) >= AHEAD:
                return
            piece = next(pieces, b"")
            self._send_data(identifier, piece)
            if not piece:
                del self._uploads[identifier]

    # agents -----------------------------------------------------------------------------------

    def _open_agent(self, identifier: int, path: str) -> None:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self._join(identifier, connection, stays=False)

    def _join(self, identifier: int, peer: Peer, *, stays: bool) -> None:
        """`stays`: its own end is not the stream's."""
        self._agents[identifier] = peer
        if stays:
            self._listening.add(identifier)
        self._poll.register(peer.fileno(), select.POLLIN)

    def _from_agent(self, descriptor: int) -> None:
        for identifier, connection in tuple(self._agents.items()):
            if connection.fileno() == descriptor:
                data = connection.recv(DATA)
                self._send_data(identifier, data)
                if not data and identifier in self._listening:
                    self._listening.discard(identifier)
                    self._poll.unregister(descriptor)
                elif not data:
                    self._close_agent(identifier)

    def _close_agent(self, identifier: int) -> None:
        connection = self._agents.pop(identifier)
        self._poll.unregister(connection.fileno())
        connection.close()
