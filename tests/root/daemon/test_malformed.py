"""What is no HTTP gets an answer like any other failure: JSON, in our own name, and the daemon goes on."""

import json
import socket

import pytest
from tests.daemon import Goraed

CREATE = b"POST /v1.51/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"


def answer(daemon: Goraed, data: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes back before the daemon hangs up."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(20)
        one.connect(str(daemon.socket))
        one.sendall(data)
        found = b""
        while more := one.recv(65536):
            found += more
    head, _, body = found.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    "data",
    [
        b"xyz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"G@T /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
        b"GET /_ping HTTP/9.9\r\nHost: d\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nHost d\r\n\r\n",
        CREATE + b"Content-Length: x\r\n\r\n",
        CREATE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        CREATE + b"Transfer-Encoding: nosuch\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: d\r\n\r\n",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_http(daemon: Goraed, data: bytes) -> None:
    head, body = answer(daemon, data)
    assert head.split(b"\r\n")[0].split()[1] == b"400"
    assert b"\r\nServer: gorae/" in head
    assert b"aiohttp" not in head + body and b"Python" not in head + body
    assert b"\r\nContent-Type: application/json" in head
    said = json.loads(body)["message"]
    assert "\n" not in said and "b'" not in said
    assert daemon.get("/_ping") == b"OK"


def test_a_long_header_is_taken(daemon: Goraed) -> None:
    """Credentials of many registries travel in one."""
    request = b"GET /_ping HTTP/1.0\r\nHost: d\r\nX-Registry-Config: " + b"a" * 100_000
    assert answer(daemon, request + b"\r\n\r\n")[1] == b"OK"
