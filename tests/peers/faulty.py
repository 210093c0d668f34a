"""A front before a registry that does wrong on demand: cuts connections, lies, refuses, points elsewhere.

Rules are asked in order; the first that fits a request and is not used up does its work. Every request is noted.
"""

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 16 << 10
PATIENCE_S = 120


@dataclass
class Request:
    """What came; `received` counts the body's bytes."""

    method: str
    path: str
    headers: dict[str, str]
    received: int = 0
    status: int = 0


@dataclass
class Rule:
    """`method` and `path` are regular expressions; one of the rest says what is done.

    status: answer this. cut_answer: end after so many bytes of the answer's body. cut_request: end after so many bytes
    of the request's body. change: alter the answer's body. length: add this to Content-Length. redirect: to this address.
    pause_at: after so many bytes of the answer's body wait `until` somebody says so.
    """

    path: str
    method: str = ".*"
    times: int = 1
    after: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_answer: int = -1
    cut_request: int = -1
    change: Callable[[bytes], bytes] | None = None
    length: int = 0
    redirect: str = ""
    slow_s: float = 0.0
    pause_at: int = 0
    until: threading.Event | None = None
    used: int = 0

    def takes(self, method: str, path: str) -> bool:
        if not (re.fullmatch(self.method, method) and re.search(self.path, path)):
            return False
        self.used += 1
        return self.after < self.used <= self.after + self.times


class Faulty:
    """Serves in threads; a context. `host` stands in an image's name."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.rules: list[Rule] = []
        self.requests: list[Request] = []
        self.before: Callable[[Request], None] = lambda _: None
        """Called with each request before it is served."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_port
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def rule(self, path: str, **what: Any) -> Rule:
        """One more."""
        made = Rule(path, **what)
        self.rules.append(made)
        return made

    def made(self, method: str, path: str) -> list[Request]:
        """The requests of that kind."""
        return [one for one in self.requests if one.method == method and re.search(path, one.path)]

    def find(self, method: str, path: str) -> Rule | None:
        with self._lock:
            return next((one for one in self.rules if one.takes(method, path)), None)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(_Handler):
            faulty = front

        return Handler

    def __enter__(self) -> "Faulty":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that leaves is what these tests are about."""


class _Cut(Exception):
    """The connection is to end now."""


class _Handler(BaseHTTPRequestHandler):
    faulty: Faulty
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        noted = Request(self.command, self.path, dict(self.headers.items()))
        self.faulty.requests.append(noted)
        self.faulty.before(noted)
        rule = self.faulty.find(self.command, self.path)
        try:
            if rule is not None and rule.redirect:
                self._read_body(noted, None)
                self._plain(307, {"Location": rule.redirect}, b"")
            elif rule is not None and rule.status:
                self._read_body(noted, None)
                self._plain(rule.status, rule.headers, rule.body)
            else:
                self._forward(noted, rule)
        except (_Cut, OSError):
            self.close_connection = True
            self._reset()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _reset(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _read_body(self, noted: Request, rule: Rule | None) -> Any:
        """The request's body in pieces, as far as the rule lets it come."""
        left = int(self.headers.get("Content-Length", "0"))
        pieces = []
        while left:
            data = self.rfile.read(min(PIECE, left))
            if not data:
                raise _Cut
            left -= len(data)
            noted.received += len(data)
            pieces.append(data)
            if rule is not None and 0 <= rule.cut_request <= noted.received:
                self._send_half(b"".join(pieces))
                raise _Cut
            if rule is not None and rule.slow_s:
                time.sleep(rule.slow_s)
        return b"".join(pieces)

    def _send_half(self, body: bytes) -> None:
        """What came so far does reach the registry: it saw the connection break."""
        try:
            upstream = http.client.HTTPConnection(
                "127.0.0.1", self.faulty.upstream_port, timeout=20
            )
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders()
            upstream.send(body)
            time.sleep(0.2)
            upstream.close()
        except OSError:
            pass

    def _forward(self, noted: Request, rule: Rule | None) -> None:
        body = self._read_body(noted, rule)
        upstream = http.client.HTTPConnection("127.0.0.1", self.faulty.upstream_port, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders()
            upstream.send(body)
            answer = upstream.getresponse()
            data = answer.read()
            noted.status = answer.status
            length = int(answer.headers.get("Content-Length", len(data)))
            if rule is not None and rule.change:
                data = rule.change(data)
                length = len(data)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(length + (rule.length if rule else 0)))
            self.end_headers()
            self._send(data, rule)
        finally:
            upstream.close()

    def _send(self, data: bytes, rule: Rule | None) -> None:
        if rule is not None and rule.cut_answer >= 0:
            self.wfile.write(data[: rule.cut_answer])
            self.wfile.flush()
            raise _Cut
        if rule is not None and rule.until is not None:
            self.wfile.write(data[: rule.pause_at])
            self.wfile.flush()
            assert rule.until.wait(PATIENCE_S)
            self.wfile.write(data[rule.pause_at :])
        elif rule is not None and rule.slow_s:
            for start in range(0, len(data), PIECE):
                self.wfile.write(data[start : start + PIECE])
                self.wfile.flush()
                time.sleep(rule.slow_s)
        else:
            self.wfile.write(data)
        if rule is not None and rule.length > 0:
            raise _Cut

    def _plain(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
