"""What every answer carries: clients and gorae's own plugin tell engines apart by it."""

import http.client
import socket

import pytest
from tests.daemon import Goraed


class Connection(http.client.HTTPConnection):
    """HTTP over the daemon's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@pytest.mark.parametrize("target", ["/_ping", "/v1.51/info", "/v1.51/nosuch", "/v9.99/info"])
def test_the_engine_is_named(daemon: Goraed, target: str) -> None:
    connection = Connection(str(daemon.socket))
    connection.request("GET", target)
    answer = connection.getresponse()
    assert answer.headers["Server"].startswith("gorae/")
    assert answer.headers["Api-Version"] == "1.51"
    assert answer.headers["Ostype"] == "linux"
    connection.close()
