"""Frames of the attach socket, and connecting to one whatever its path."""

import socket
from pathlib import Path

import pytest

from gorae.errors import KernelError
from gorae.runtime.attach import STDERR, STDOUT, connect, decode, encode, end_stdin


def test_frames() -> None:
    for stream in (STDOUT, STDERR):
        assert decode(encode(stream, b"data")) == (stream, b"data")
    assert decode(b"\x02") == (STDOUT, b"")


def test_connect_through_a_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind("attach")
        server.listen()
        with connect(str(deep / "attach")) as sock, server.accept()[0] as peer:
            assert not sock.getblocking()
            peer.send(encode(STDERR, b"x"))
            end_stdin(sock)
            assert peer.recv(10) == b""
            assert decode(sock.recv(100)) == (STDERR, b"x")


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(KernelError):
        connect(str(tmp_path / "attach"))
    with pytest.raises(KernelError):
        connect(str(tmp_path / "nowhere" / "attach"))
