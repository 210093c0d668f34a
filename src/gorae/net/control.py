"""How the daemon speaks with its programs that outlive it: lines of JSON over a unix socket.

    {"do": "set", ...}\\n  ->  {"ok": ...}\\n  or  {"error": "...", "kind": "Conflict"}\\n

A program's end is `Control`; the daemon's is `companion.Companion`. The program leaves when no daemon is connected
and nothing is left for it to do, so that nothing stays on a host whose containers are gone.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from typing import Any

from gorae.errors import GoraeError
from gorae.net.loop import READ, Loop

LIMIT_BYTES = 4 << 20
LOOK_AROUND_S = 30.0
LINGER_S = 5.0
"""How long a program without work waits for its daemon to come back."""
Handler = Callable[[dict[str, Any]], Any]


class Control:
    """Listens, answers, and ends the program when it is of no use any more."""

    def __init__(self, loop: Loop, path: str, handlers: dict[str, Handler]) -> None:
        self._loop = loop
        self._path = path
        self._handlers = {**handlers, "leave": self._leave}
        self._clients: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        staged = f"{path}.{os.getpid()}"
        self._listener.bind(staged)
        os.chmod(staged, 0o600)
        self._listener.listen(8)
        os.rename(staged, path)
        self._listener.setblocking(False)
        loop.watch(self._listener, READ, self._accept)
        self.idle: Callable[[], bool] = lambda: False
        self.review()

    def review(self) -> None:
        """Leave after a while without work and without a daemon."""
        self._loop.later(LINGER_S, self._leave_if_useless)

    def _leave_if_useless(self) -> None:
        """Where the way to us is gone no daemon will come: its place was removed."""
        if self._clients:
            return
        if self.idle() or not os.path.exists(self._path):
            self._leave({})
        else:
            self._loop.later(LOOK_AROUND_S, self._leave_if_useless)

    def _leave(self, _: dict[str, Any]) -> None:
        self._loop.running = False

    def _accept(self, _: int) -> None:
        client, _address = self._listener.accept()
        client.setblocking(True)
        self._clients.add(client)
        buffer = bytearray()
        self._loop.watch(client, READ, lambda _: self._read(client, buffer))

    def _read(self, client: socket.socket, buffer: bytearray) -> None:
        try:
            data = client.recv(1 << 16)
        except OSError:
            data = b""
        buffer += data
        if not data or len(buffer) > LIMIT_BYTES:
            self._gone(client)
            return
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            try:
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
            except OSError:
                self._gone(client)
                return

    def _gone(self, client: socket.socket) -> None:
        self._loop.forget(client)
        self._clients.discard(client)
        client.close()
        self.review()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"ok": self._handlers[asked["do"]](asked)}
        except GoraeError as error:
            return {"error": error.message, "kind": type(error).__name__}
        except (ValueError, KeyError, TypeError, OSError) as error:
            return {"error": f"{type(error).__name__}: {error}", "kind": "Internal"}

    def close(self) -> None:
        """Let the address go, unless a successor has taken it over."""
        self._listener.close()
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self._path)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
