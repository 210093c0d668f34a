"""Sends a request and reads what comes, as a client that may leave at any moment."""

import contextlib
import http.client
import io
import json
import socket
from dataclasses import dataclass

from tests.fuzz.shots import Shot

PATIENCE_S = 120
"""Whatever takes longer hangs."""
GLANCE_S = 0.1
"""How long a stream is looked at."""
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Result:
    """What came. `status` 0: no answer, which is in order for one that left; `fault`: what is wrong with it."""

    status: int
    body: bytes
    fault: str = ""

    @property
    def message(self) -> str:
        """The sentence of an error."""
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            return str(json.loads(self.body)["message"])
        return ""


def fire(path: str, shot: Shot) -> Result:
    """Send it to the unix socket at `path`."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(PATIENCE_S)
        one.connect(path)
        try:
            one.sendall(shot.head() + shot.body[: int(len(shot.body) * shot.part)])
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was there: the answer says why
        if shot.part < 1 and shot.body:
            return Result(0, b"")
        return _read(one, shot)


def _read(one: socket.socket, shot: Shot) -> Result:
    one.settimeout(GLANCE_S if shot.streams else PATIENCE_S)
    answer = http.client.HTTPResponse(one, method=shot.method)
    try:
        answer.begin()
    except TimeoutError:
        return Result(0, b"", "" if shot.streams else "no answer")
    except (ConnectionError, http.client.HTTPException) as error:
        return Result(0, b"", f"no HTTP: {error!r}")
    return _judged(answer, _body(answer, one), shot)


def _body(answer: http.client.HTTPResponse, one: socket.socket) -> bytes:
    """As much as comes; of a connection that is no HTTP any more (101) a glance."""
    if answer.status == 101:
        one.settimeout(GLANCE_S)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_WR)
            return one.recv(65536)
        return b""
    kept = io.BytesIO()
    try:
        while data := answer.read1(65536):
            if kept.tell() < MOST_BYTES:
                kept.write(data)
    except (TimeoutError, ConnectionError, http.client.HTTPException):
        pass
    return kept.getvalue()


def _judged(answer: http.client.HTTPResponse, body: bytes, shot: Shot) -> Result:
    """Errors are documents with a sentence of one line."""
    fault = ""
    if answer.status >= 400 and shot.method != "HEAD":
        kind = answer.headers.get("Content-Type", "")
        found = Result(answer.status, body)
        if shot.operation != "odd" and kind != "application/json":
            fault = f"an error of the type {kind!r}: {body[:200]!r}"
        elif shot.operation != "odd" and not found.message:
            fault = f"an error without a message: {body[:200]!r}"
    if b"Traceback (most recent" in body:
        fault = "a traceback in the answer"
    return Result(answer.status, body, fault)
