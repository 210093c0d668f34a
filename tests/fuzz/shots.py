"""Requests made from the description and a number: the same number gives the same request."""

import io
import json
import tarfile
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from tests.fuzz.description import Operation, Parameter, description
from tests.fuzz.values import COMMANDS, IMAGES, NAMES, NETWORKS, ODD_TEXT, VOLUMES, Values

IN_NO_SWARM = ("/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs", "/plugins")
WEIGHTS = {
    "ContainerCreate": 14,
    "ContainerStart": 8,
    "ContainerDelete": 8,
    "ContainerExec": 5,
    "ExecStart": 5,
    "ContainerUpdate": 3,
    "PutContainerArchive": 3,
    "ContainerArchive": 3,
    "NetworkCreate": 4,
    "NetworkConnect": 4,
    "NetworkDelete": 3,
    "VolumeCreate": 3,
    "ImageBuild": 3,
    "ImageLoad": 2,
    "ImageCreate": 2,
    "ImageTag": 2,
}
STREAMS = frozenset(
    (
        "ContainerAttach",
        "ContainerAttachWebsocket",
        "ContainerLogs",
        "ContainerStats",
        "ContainerStop",
        "ContainerRestart",
        "ContainerWait",
        "ExecStart",
        "Session",
        "SystemEvents",
    )
)
"""Operations that may rightly go on for as long as their client likes."""
ARCHIVES = frozenset(("ImageBuild", "ImageLoad", "ImageCreate", "PutContainerArchive"))
ARCHIVE_TYPES = ("application/x-tar", "application/x-tar", "application/tar", "text/plain", "")
VERSIONS = ("", "/v1.51", "/v1.44", "/v1.24", "/v1.41")
ODD_TARGETS = (
    "/",
    "//",
    "/v1.99/info",
    "/v1.1/info",
    "/v1./info",
    "/vx/info",
    "/%",
    "/%00",
    "/containers//json",
    "/containers/%2e%2e/json",
    "/containers/a/b/c/d",
    "/images//json",
    "/images/a//b/json",
    "/networks/%2F",
    "/x" * 3000,
    "*",
    "/containers/json?" + "all=1&" * 2000,
    "/containers/json?filters=%ff",
    "/events?since=%00",
    "http://elsewhere/_ping",
    "/_ping#fragment",
)
DOCKERFILES = (
    b"FROM bb\nRUN true\n",
    b"FROM scratch\nCOPY f /f\n",
    b"FROM bb AS a\nCOPY . /x\nFROM a\nCMD x\n",
    b"FROM 127.0.0.1:1/none\n",
    b"FROM bb\nRUN exit 3\n",
    b"FROM\n",
    b"",
    b"\xff\xfe",
    b"FROM bb\nCOPY nosuch /\n",
    b"FROM bb\nADD http://127.0.0.1:1/x /\n",
    b"FROM bb\nRUN <<A\n",
)
MANIFESTS = (
    b"[]",
    b"{",
    b"null",
    b'[{"Config":"f","Layers":["d/f"],"RepoTags":["i0:x"]}]',
    b'[{"Config":"nosuch","Layers":[]}]',
    b'[{"Config":1}]',
    b'[{"Config":"../f","Layers":["/f"]}]',
)
ODD_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ODD", "get")


@dataclass(frozen=True)
class Shot:
    """A request. `part`: how much of the body is sent before the client leaves; 1: all, and it stays."""

    number: int
    operation: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    part: float = 1.0
    statuses: frozenset[int] = frozenset()

    @property
    def streams(self) -> bool:
        """Whether no end of the answer is expected."""
        return self.operation in STREAMS

    def head(self) -> bytes:
        """The request without its body."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{k}: {v}" for k, v in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass")


def shot(seed: int, number: int, execs: list[str]) -> Shot:
    """The request of this number; `execs` are ids that the daemon gave."""
    luck = Random(f"{seed}/{number}")
    return _Maker(luck, Values(description(), luck), execs).make(number)


class _Maker:
    def __init__(self, luck: Random, values: Values, execs: list[str]) -> None:
        self._luck = luck
        self._values = values
        self._execs = execs

    def make(self, number: int) -> Shot:
        operations = description().operations
        weights = [
            0.1 if one.path.startswith(IN_NO_SWARM) else WEIGHTS.get(one.name, 1)
            for one in operations
        ]
        operation = self._luck.choices(operations, weights)[0]
        body, headers = self._body(operation)
        method, target = operation.method, self._target(operation)
        name = operation.name
        if self._values.often(0.02):
            name, method = "odd", self._luck.choice(ODD_METHODS)
        if self._values.often(0.01):
            name, target = "odd", self._luck.choice(ODD_TARGETS)
        part = self._luck.choice((0.0, 0.5, 0.9)) if self._values.often(0.03) else 1.0
        given = (("Host", "fuzz"), *headers, *self._length(body))
        return Shot(number, name, method, target, given, body, part, operation.statuses)

    # the target -------------------------------------------------------------------------------

    def _target(self, operation: Operation) -> str:
        path = operation.path
        query = []
        for one in operation.parameters:
            if one.place == "path":
                path = path.replace(
                    f"{{{one.name}}}",
                    quote(self._named(operation), safe="/:@", errors="surrogatepass"),
                )
            elif one.place == "query" and self._values.often(self._share(operation, one)):
                text = self._values.query(one.name, one.kind, one.words)
                query.append(f"{one.name}={quote(text, safe='', errors='surrogatepass')}")
        version = self._luck.choice(VERSIONS) if self._values.often(0.3) else ""
        return f"{version}{path}{'?' if query else ''}{'&'.join(query)}"

    @staticmethod
    def _share(operation: Operation, parameter: Parameter) -> float:
        """How often a parameter is given; what a request is about nearly always."""
        needed = ("path", "name", "force", "repo", "fromSrc", "container", "h", "w", "names", "t")
        return 0.9 if parameter.name in needed or operation.name == "ContainerStop" else 0.3

    def _named(self, operation: Operation) -> str:
        """An object for the path."""
        if self._values.often(0.08):
            return self._luck.choice(ODD_TEXT) or "x"
        kind = operation.path.split("/")[1]
        if kind == "exec" and self._execs:
            return self._luck.choice(self._execs[-8:])
        names = {
            "containers": NAMES,
            "images": IMAGES,
            "distribution": IMAGES,
            "networks": NETWORKS,
        }
        if operation.name == "ImageDelete":
            return self._luck.choice(IMAGES[2:])  # one image stays to work with
        return self._luck.choice(names.get(kind, VOLUMES))

    # the body ---------------------------------------------------------------------------------

    def _body(self, operation: Operation) -> tuple[bytes, list[tuple[str, str]]]:
        headers = [
            (
                one.name,
                self._values.query(one.name, one.kind, one.words)
                .encode("ascii", "ignore")
                .decode(),
            )
            for one in operation.parameters
            if one.place == "header" and one.name[:1] == "X" and self._values.often(0.4)
        ]
        headers = [(name, value.replace("\n", "").replace("\0", "")) for name, value in headers]
        if operation.name in ARCHIVES:
            return self._archive(operation), [
                *headers,
                ("Content-Type", self._luck.choice(ARCHIVE_TYPES)),
            ]
        if operation.name in STREAMS and self._values.often(0.7):
            headers += [
                ("Connection", "Upgrade"),
                ("Upgrade", self._luck.choice(("tcp", "tcp", "websocket", "h2c"))),
            ]
        if operation.body is None:
            return b"", headers
        kind = (
            "application/json"
            if self._values.often(0.97)
            else self._luck.choice(("", "text/plain"))
        )
        return self._document(operation), [*headers, ("Content-Type", kind)]

    def _document(self, operation: Operation) -> bytes:
        """Most documents of what runs programs are complete enough to be carried out."""
        assert operation.body is not None
        resolved = description().resolve(operation.body)
        if operation.name in ("ContainerCreate", "ContainerExec") and self._values.often(0.85):
            return self._complete(operation, dict(resolved.get("properties", {})))
        return self._values.document(operation.body)

    def _complete(self, operation: Operation, fields: dict[str, object]) -> bytes:
        made: dict[str, object] = {"Cmd": self._luck.choice(COMMANDS), "Image": "bb"}
        for name in self._luck.sample(sorted(fields), self._luck.choice((0, 1, 1, 2, 3))):
            made[name] = self._values.field(name, fields[name], 1)  # type: ignore[arg-type]
        if operation.name == "ContainerExec":
            made.pop("Image")
        return json.dumps(made).encode()

    @staticmethod
    def _length(body: bytes) -> tuple[tuple[str, str], ...]:
        return (("Content-Length", str(len(body))),) if body else ()

    def _archive(self, operation: Operation) -> bytes:
        """A small tar, a damaged one, or none."""
        whole = self._tar(operation)
        fault = self._luck.random()
        if fault < 0.6:
            return whole
        if fault < 0.7:
            return whole[: self._luck.randrange(len(whole))]
        if fault < 0.85:
            damaged = bytearray(whole)
            for _ in range(self._luck.choice((1, 3, 20))):
                damaged[self._luck.randrange(min(len(damaged), 2048))] = self._luck.randrange(256)
            return bytes(damaged)
        return self._luck.choice(
            (
                b"",
                b"\0" * 1024,
                b"\x1f\x8b\x08odd",
                b"(\xb5/\xfdodd",
                b"BZh9odd",
                self._luck.randbytes(700),
            )
        )

    def _tar(self, operation: Operation) -> bytes:
        members = [("f", b"x"), ("d/f", b"y"), ("../f", b"z"), ("/f", b"a")][
            : self._luck.choice((1, 2, 2, 4))
        ]
        if operation.name == "ImageBuild":
            members.append(("Dockerfile", self._luck.choice(DOCKERFILES)))
        if operation.name == "ImageLoad":
            members.append(("manifest.json", self._luck.choice(MANIFESTS)))
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name, data in members:
                one = tarfile.TarInfo(name)
                one.size = len(data)
                tar.addfile(one, io.BytesIO(data))
        return stream.getvalue()
