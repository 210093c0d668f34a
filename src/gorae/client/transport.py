"""HTTP/1.1 over one socket: requests, answers (sized, chunked, to the end), and the hijack.

A `Connection` carries one exchange at a time and is reused while the server keeps it open. A `Response` reads
its body lazily, so that long streams (`logs`, `events`) and answers whose headers come long before their body
(`wait`) cost nothing; `fileno()` lets a caller poll for both. After `101` a `Hijacked` is the raw socket in
both directions with a write side that closes alone.
"""

from __future__ import annotations

import _socket

from gorae.client.address import Address
from gorae.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    class Socket(Protocol):
        """What is used of a socket; `_socket.socket` and `ssl.SSLSocket` both have it."""

        def recv(self, size: int, /) -> bytes: ...
        def sendall(self, data: bytes, /) -> None: ...
        def shutdown(self, how: int, /) -> None: ...
        def close(self) -> None: ...
        def fileno(self) -> int: ...


CHUNK = 1 << 18
HEAD_LIMIT = 1 << 18


def connect(address: Address) -> Socket:
    """A connected socket.

    Raises:
        OSError: nobody listens there, or it is not allowed.
    """
    if address.path:
        unix = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            unix.connect(address.path)
        except OSError:
            unix.close()
            raise
        return unix
    if address.tls:
        from gorae.client import tls  # ssl takes 20 ms to load

        return tls.connect(address)
    return connect_tcp(address.host, address.port)


def connect_tcp(host: str, port: int) -> _socket.socket:
    """A TCP socket to the first address of `host` that answers, without Nagle's delay."""
    failure: OSError = OSError(f"no address for {host}")
    for family, kind, protocol, _, target in _socket.getaddrinfo(
        host, port, 0, _socket.SOCK_STREAM
    ):
        tcp = _socket.socket(family, kind | _socket.SOCK_CLOEXEC, protocol)
        try:
            tcp.connect(target)
        except OSError as error:
            tcp.close()
            failure = error
            continue
        tcp.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        return tcp
    raise failure


class Connection:
    """One socket and the bytes read ahead from it."""

    def __init__(self, socket: Socket, host: str = "localhost") -> None:
        self.socket = socket
        self.host = host
        self.buffer = b""
        self.reusable = True

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | Iterable[bytes] | None = None,
        upgrade: bool = False,
    ) -> Response:
        """Send one request and read the answer's head.

        Args:
            body: bytes go with a Content-Length, an iterable goes chunked as it comes.
            upgrade: ask for the raw socket (`Upgrade: tcp`); see `Response.hijack`.

        Raises:
            OSError: the connection broke (also: the server had closed a kept one).
        """
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", "User-Agent: gorae"]
        if upgrade:
            lines += ["Connection: Upgrade", "Upgrade: tcp"]
        lines += [f"{name}: {value}" for name, value in headers]
        if isinstance(body, bytes):
            lines.append(f"Content-Length: {len(body)}")
        elif body is not None:
            lines.append("Transfer-Encoding: chunked")
        elif method == "POST":
            lines.append("Content-Length: 0")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        if body is None or isinstance(body, bytes):
            self.socket.sendall(head + (body or b""))
        else:
            self.socket.sendall(head)
            self._send_chunked(body)
        return self._answer(method)

    def _send_chunked(self, body: Iterable[bytes]) -> None:
        """Send `body`; a server that answers and hangs up early is read, not complained about."""
        try:
            for piece in body:
                if piece:
                    self.socket.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
            self.socket.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.reusable = False

    def _answer(self, method: str) -> Response:
        while True:
            status, headers = self._head()
            if status >= 200 or status == 101:
                return Response(self, method, status, headers)

    def _head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > HEAD_LIMIT:
                raise Unavailable("the daemon's answer has an endless header")
            piece = self.socket.recv(CHUNK)
            if not piece:
                raise ConnectionResetError("the daemon closed the connection without an answer")
            self.buffer += piece
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise Unavailable(f"the daemon does not speak HTTP: {first[:80]!r}")
        headers = {}
        for line in rest:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(words[1]), headers

    def receive(self, size: int = CHUNK) -> bytes:
        """Bytes read ahead, else one `recv`; empty at the end."""
        if self.buffer:
            data, self.buffer = self.buffer[:size], self.buffer[size:]
            return data
        return self.socket.recv(size)

    def line(self) -> bytes:
        """Bytes up to and without the next CRLF."""
        while b"\r\n" not in self.buffer:
            piece = self.socket.recv(CHUNK)
            if not piece:
                raise ConnectionResetError("the daemon's answer ended in the middle")
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    @property
    def alive(self) -> bool:
        """Whether an idle connection can carry another request: the server has not hung up on it."""
        if not self.reusable or not isinstance(self.socket, _socket.socket):
            return False
        try:
            self.socket.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close the socket."""
        self.reusable = False
        self.socket.close()


class Response:
    """An answer's status and headers (names in lower case); its body is read by `chunks` or `read`."""

    def __init__(
        self, connection: Connection, method: str, status: int, headers: dict[str, str]
    ) -> None:
        self.connection = connection
        self.status = status
        self.headers = headers
        self.on_finish: Callable[[Connection], None] | None = None
        self.finished = method == "HEAD" or status in (204, 304)
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "")
        self._left = int(length) if length.isdigit() and not self._chunked else -1
        self._in_chunk = 0
        if headers.get("connection", "").lower() == "close":
            connection.reusable = False
        if self._left == 0:
            self.finished = True

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces as they arrive."""
        while piece := self.receive():
            yield piece

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks())

    def receive(self) -> bytes:
        """The next piece of the body, waiting for it; empty at its end.

        Raises:
            OSError: the connection broke before the body's end.
        """
        if self.finished:
            return b""
        piece = self._receive()
        if self.finished and self.on_finish:
            self.on_finish(self.connection)
        return piece

    def _receive(self) -> bytes:
        if self._chunked:
            return self._receive_chunked()
        piece = self.connection.receive(CHUNK if self._left < 0 else min(CHUNK, self._left))
        if self._left < 0:
            self.finished = not piece
            self.connection.reusable = False
            return piece
        if not piece:
            raise ConnectionResetError("the daemon's answer ended in the middle")
        self._left -= len(piece)
        self.finished = self._left == 0
        return piece

    def _receive_chunked(self) -> bytes:
        if self._in_chunk == 0:
            size = self.connection.line().split(b";")[0].strip()
            self._in_chunk = int(size or b"0", 16)
            if self._in_chunk == 0:
                while self.connection.line():
                    pass
                self.finished = True
                return b""
        piece = self.connection.receive(min(CHUNK, self._in_chunk))
        if not piece:
            raise ConnectionResetError("the daemon's answer ended in the middle")
        self._in_chunk -= len(piece)
        if self._in_chunk == 0:
            self.connection.line()
        return piece

    def fileno(self) -> int:
        """The socket's descriptor, to poll for the body."""
        return self.connection.socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether body bytes wait in the buffer, so that polling the descriptor would miss them."""
        return bool(self.connection.buffer)

    def hijack(self) -> Hijacked:
        """Take the socket over after a 101."""
        self.connection.reusable = False
        self.finished = True
        return Hijacked(self.connection)

    def close(self) -> None:
        """Hang up, unless the body was read to its end and the connection can serve again."""
        if not (self.finished and self.connection.reusable):
            self.connection.close()


class Hijacked:
    """A raw two-way stream over the socket of a finished HTTP exchange."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def pending(self) -> bool:
        """Whether bytes that came with the head are still unread."""
        socket_pending = getattr(self._connection.socket, "pending", None)
        return bool(self._connection.buffer) or bool(socket_pending and socket_pending())

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._connection.socket.fileno()

    def receive(self, size: int = CHUNK) -> bytes:
        """Some bytes; empty when the other end has finished."""
        return self._connection.receive(size)

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._connection.socket.sendall(data)

    def send_some(self, data: bytes) -> int:
        """Send what the socket takes at once; how many bytes that was."""
        socket = self._connection.socket
        if not isinstance(socket, _socket.socket):
            socket.sendall(data)
            return len(data)
        try:
            return socket.send(data, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0

    def shutdown_write(self) -> None:
        """End our direction alone: the container's stdin sees its end, output goes on."""
        try:
            self._connection.socket.shutdown(_socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        """Close both directions."""
        self._connection.close()
