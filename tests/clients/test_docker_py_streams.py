"""docker-py: execs, attached sockets, archives: all that takes the connection over."""

import contextlib
import io
import socket
import struct
import tarfile
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.utils.socket import frames_iter
from tests.clients.conftest import IMAGE

pytestmark = pytest.mark.root


# execs ----------------------------------------------------------------------------------------------


def test_exec(client: docker.DockerClient, sleeper: Container) -> None:
    done = sleeper.exec_run(["sh", "-c", "echo out; echo err >&2; exit 4"], demux=True)
    assert done.exit_code == 4 and done.output == (b"out\n", b"err\n")
    assert sleeper.exec_run("env", environment={"A": "b"}).output.count(b"A=b\n") == 1
    assert sleeper.exec_run("pwd", workdir="/tmp").output == b"/tmp\n"
    assert sleeper.exec_run("id -u", user="1000").output == b"1000\n"
    assert sleeper.exec_run("tty", tty=True).output.startswith(b"/dev/pts/")


def test_exec_of_what_is_not_there(client: docker.DockerClient, sleeper: Container) -> None:
    for tty in (False, True):
        done = sleeper.exec_run("nosuch", tty=tty)
        assert done.exit_code == 127 and b"executable file not found in $PATH" in done.output
        with pytest.raises(APIError, match="executable file not found"):
            sleeper.exec_run("nosuch", tty=tty, detach=True)


def test_exec_streamed_and_detached(client: docker.DockerClient, sleeper: Container) -> None:
    stream = sleeper.exec_run(["sh", "-c", "echo 1; sleep 0.1; echo 2"], stream=True).output
    assert b"".join(stream) == b"1\n2\n"
    sleeper.exec_run("touch /tmp/detached", detach=True)
    for _ in range(100):
        if sleeper.exec_run("ls /tmp/detached").exit_code == 0:
            break
    else:
        raise AssertionError("the detached exec did nothing")


def test_exec_by_hand(client: docker.DockerClient, sleeper: Container) -> None:
    api = client.api
    made = api.exec_create(sleeper.id, "cat", stdin=True)["Id"]
    with _raw(api.exec_start(made, socket=True)) as sock:
        assert api.exec_inspect(made)["Running"]
        sock.sendall(b"there and back\n")
        sock.shutdown(socket.SHUT_WR)
        assert _all(sock) == [(1, b"there and back\n")]
    found = api.exec_inspect(made)
    assert found["ExitCode"] == 0 and not found["Running"] and found["ContainerID"] == sleeper.id
    with pytest.raises(APIError):
        api.exec_start(made)


def test_exec_resize(client: docker.DockerClient, sleeper: Container) -> None:
    api = client.api
    waiting = "until stty size 2>/dev/null | grep '31 97'; do sleep 0.05; done"
    made = api.exec_create(sleeper.id, ["sh", "-c", waiting], tty=True)["Id"]
    with _raw(api.exec_start(made, tty=True, socket=True)) as sock:
        api.exec_resize(made, height=31, width=97)
        assert b"31 97" in _read(sock)


def test_exec_where_it_cannot_be(client: docker.DockerClient) -> None:
    one = client.containers.create(IMAGE, "true")
    with pytest.raises(APIError, match="is not running") as caught:
        one.exec_run("true")
    assert caught.value.status_code == 409
    with pytest.raises(NotFound):
        client.api.exec_inspect("nosuch")


# attached sockets -----------------------------------------------------------------------------------


def test_attach_before_the_start(client: docker.DockerClient) -> None:
    one = client.containers.create(IMAGE, ["sh", "-c", "echo out; echo err >&2"])
    with _raw(one.attach_socket(params={"stdout": 1, "stderr": 1, "stream": 1})) as sock:
        one.start()
        assert sorted(_all(sock)) == [(1, b"out\n"), (2, b"err\n")]


def test_attach_with_standard_input(client: docker.DockerClient) -> None:
    one = client.containers.create(IMAGE, "cat", stdin_open=True)
    with _raw(one.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})) as sock:
        one.start()
        sock.sendall(b"hello\n")
        assert _frame(sock) == (1, b"hello\n")
    one.kill()


def test_attach_to_a_terminal(client: docker.DockerClient) -> None:
    one = client.containers.create(IMAGE, "cat", stdin_open=True, tty=True)
    with _raw(one.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})) as sock:
        one.start()
        one.resize(20, 60)
        sock.sendall(b"hello\n")
        assert _read(sock, b"hello\r\nhello\r\n").endswith(b"hello\r\nhello\r\n")
    one.kill()


def test_attach_with_what_was_before(client: docker.DockerClient) -> None:
    one = client.containers.run(IMAGE, ["sh", "-c", "echo before; exec sleep 1000"], detach=True)
    while not one.logs():
        pass
    assert one.attach(logs=True, stream=False) == b"before\n"
    stream = one.attach(logs=True, stream=True)
    assert next(stream) == b"before\n"
    one.kill()


def test_attach_over_a_websocket_is_offered(
    client: docker.DockerClient, sleeper: Container
) -> None:
    """docker-py's own websocket needs TCP: the handshake's refusal of a plain request is what it can see."""
    answer = client.api.get(client.api._url("/containers/{0}/attach/ws", sleeper.id))
    assert answer.status_code == 400


# archives -------------------------------------------------------------------------------------------


def archive(**files: bytes) -> bytes:
    """Files as a tar."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, data in files.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode, one.mtime = len(data), 0o640, 1_600_000_000
            tar.addfile(one, io.BytesIO(data))
    return made.getvalue()


def test_put_and_get_archive(client: docker.DockerClient, sleeper: Container) -> None:
    assert sleeper.put_archive("/tmp", archive(f=b"data", g=b"more"))
    assert sleeper.exec_run("cat /tmp/f /tmp/g").output == b"datamore"
    stream, stat = sleeper.get_archive("/tmp/f")
    assert (stat["name"], stat["size"], stat["mode"]) == ("f", 4, 0o640)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        member = tar.getmember("f")
        assert member.mtime == 1_600_000_000 and tar.extractfile("f").read() == b"data"


def test_get_archive_of_a_folder(client: docker.DockerClient) -> None:
    one = client.containers.run(
        IMAGE, ["sh", "-c", "mkdir -p /d/e; echo x >/d/e/f; ln -s e /d/l"], detach=True
    )
    one.wait()
    stream, stat = one.get_archive("/d")
    assert stat["mode"] & 1 << 31, "a directory, in Go's words"
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        assert set(tar.getnames()) == {"d", "d/e", "d/e/f", "d/l"}
        assert tar.getmember("d/l").linkname == "e"
    _, link = one.get_archive("/d/l")
    assert link["linkTarget"].endswith("e")


def test_archives_and_what_is_not_there(client: docker.DockerClient, sleeper: Container) -> None:
    with pytest.raises(NotFound, match="Could not find the file"):
        sleeper.get_archive("/nosuch")
    with pytest.raises(APIError):
        sleeper.put_archive("/nosuch", archive(f=b"x"))
    with pytest.raises(APIError):
        sleeper.put_archive("/etc/passwd", archive(f=b"x"))


# sockets --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _raw(given: Any) -> Iterator[socket.socket]:
    """The socket below what docker-py gives."""
    sock = getattr(given, "_sock", given)
    sock.settimeout(30)
    try:
        yield sock
    finally:
        given.close()


def _all(sock: socket.socket) -> list[tuple[int, bytes]]:
    """Frames until the end."""
    return list(frames_iter(sock, tty=False))


def _frame(sock: socket.socket) -> tuple[int, bytes]:
    kind, size = struct.unpack(">BxxxL", _exactly(sock, 8))
    return kind, _exactly(sock, size)


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        assert more, "the end came early"
        data += more
    return data


def _read(sock: socket.socket, until: bytes = b"") -> bytes:
    """Until the words come, or the end."""
    data = b""
    while not (until and data.endswith(until)) and (more := sock.recv(4096)):
        data += more
    return data
