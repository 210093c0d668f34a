"""HTTP over a socket, against a server that says what the test wants, in pieces."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gorae.client.address import parse_address
from gorae.client.session import Session, encode_query, quote
from gorae.errors import Conflict, Internal, InvalidArgument, NotFound, Unavailable


class Server:
    """Answers the connections one after the other by `answers`; keeps what it was asked."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.asked: list[bytes] = []
        self.answers: list[list[bytes]] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            with one:
                while self.answers:
                    head = self.request(one)
                    if not head:
                        break
                    self.asked.append(head)
                    for piece in self.answers.pop(0):
                        one.sendall(piece)
                    if b"close" in head:
                        break

    def request(self, one: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = one.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        wanted = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)  # fmt: skip
        while len(body) < wanted:
            body += one.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(str(tmp_path_factory.mktemp("s") / "s"))
    yield one
    one.listener.close()


@pytest.fixture
def ask(server: Server) -> Callable[..., Session]:
    def make(*answers: list[bytes] | bytes) -> Session:
        server.answers += [one if isinstance(one, list) else [one] for one in answers]
        return Session(parse_address(server.path))

    return make


def ok(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def test_a_document(ask: Callable[..., Session], server: Server) -> None:
    assert ask(ok(b'{"a":1}')).get("/x", {"all": True, "n": None, "f": ["a b", "c"]}) == {"a": 1}
    assert server.asked[0].startswith(b"GET /v1.51/x?all=1&f=a%20b&f=c HTTP/1.1\r\n")


def test_chunks_in_any_pieces(ask: Callable[..., Session]) -> None:
    body = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
    assert ask([body[at : at + 3] for at in range(0, len(body), 3)]).get("/x") == {"a": 1}


def test_a_body_until_the_end(ask: Callable[..., Session], server: Server) -> None:
    session = ask([b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n[1,", b"2]"])
    threading.Timer(0.1, server.listener.close).start()
    response = session.call("GET", "/close")
    assert response.read() == b"[1,2]"


@pytest.mark.parametrize(
    ("status", "kind"),
    [("400 x", InvalidArgument), ("404 x", NotFound), ("409 x", Conflict), ("503 x", Unavailable), ("500 x", Internal), ("418 x", InvalidArgument)],
)  # fmt: skip
def test_a_status_is_a_class_and_the_words_are_the_daemons(
    status: str, kind: type[Exception], ask: Callable[..., Session]
) -> None:
    with pytest.raises(kind) as caught:
        ask(ok(b'{"message":"No such container: x"}', status)).get("/x")
    assert str(caught.value) == "Error response from daemon: No such container: x"


def test_an_older_engine_is_asked_in_its_version(
    ask: Callable[..., Session], server: Server
) -> None:
    refusal = b'{"message":"client version 1.51 is too new. Maximum supported API version is 1.41"}'
    session = ask(ok(refusal, "400 Bad Request"), ok(b"[]"), ok(b"[]"))
    assert session.get("/x") == []
    assert session.get("/y") == []
    assert [one.split()[1] for one in server.asked] == [b"/v1.51/x", b"/v1.41/x", b"/v1.41/y"]


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", ok(b"nope")],
)  # fmt: skip
def test_a_server_that_speaks_otherwise_is_one_kind_of_error(
    answer: bytes, ask: Callable[..., Session], server: Server
) -> None:
    session = ask([answer])
    threading.Timer(0.1, server.listener.close).start()
    with pytest.raises((Unavailable, OSError)):
        session.call("GET", "/close").read() and session.get("/close")


def test_nobody_listens(tmp_path: object) -> None:
    with pytest.raises(Unavailable) as caught:
        Session(parse_address("/nonexistent/s")).get("/x")
    assert str(caught.value) == (
        "Cannot connect to the Docker daemon at unix:///nonexistent/s. Is the docker daemon running?"
    )


def test_queries_and_paths_are_quoted() -> None:
    assert encode_query({"a": "x&y=/é", "b": False}) == "?a=x%26y%3D%2F%C3%A9&b=0"
    assert quote("a/b c", "/") == "a/b%20c"
