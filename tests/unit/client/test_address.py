"""Hosts as docker's `-H` takes them."""

import pytest

from gorae.client.address import DEFAULT_HOST, TLSFiles, parse_address
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "shown", "path", "host", "port"),
    [
        ("", DEFAULT_HOST, "/run/gorae/gorae.sock", "", 0),
        ("unix:///x.sock", "unix:///x.sock", "/x.sock", "", 0),
        ("unix://", DEFAULT_HOST, "/run/gorae/gorae.sock", "", 0),
        ("/x.sock", "unix:///x.sock", "/x.sock", "", 0),
        ("tcp://h:1", "tcp://h:1", "", "h", 1),
        ("h:1", "tcp://h:1", "", "h", 1),
        ("tcp://h", "tcp://h:2375", "", "h", 2375),
        ("tcp://:5", "tcp://localhost:5", "", "localhost", 5),
        ("tcp://[::1]:5", "tcp://[::1]:5", "", "::1", 5),
        ("http://h:1/", "tcp://h:1", "", "h", 1),
    ],
)
def test_hosts(text: str, shown: str, path: str, host: str, port: int) -> None:
    found = parse_address(text)
    assert (found.text, found.path, found.host, found.port) == (shown, path, host, port)
    assert found.is_default == (path == "/run/gorae/gorae.sock")


def test_tls_has_a_port_of_its_own() -> None:
    assert parse_address("tcp://h", TLSFiles()).port == 2376
    assert parse_address("https://h").tls is not None


@pytest.mark.parametrize(
    "text", ["ftp://x", "tcp://h:x", "tcp://h:0", "tcp://h:65536", "npipe:////./pipe/x"]
)
def test_hosts_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match="unable to parse docker host"):
        parse_address(text)
