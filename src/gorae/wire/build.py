"""gorae's own build endpoint: the request, and the frames of the connection behind it.

    POST /gorae/build        Connection: Upgrade, Upgrade: gorae-build, body: `BuildRequest` as JSON,
                             X-Registry-Config as in the classic API
    101 UPGRADED             then frames in both directions until one side closes

A request that is wrong as written is answered with an ordinary status instead of 101.

    frame     length (4 bytes, big endian, of what follows) | channel (1 byte) | payload
    channel   j: one JSON document    d: data; the payload begins with a stream's id (4 bytes, big endian)

Engine to client, each a `j` frame:

    {"vertexes": [...], "statuses": [...], "logs": [...], "warnings": [...]}
                             progress in the form of `docker build --progress rawjson`; a vertex may have `why`:
                             {"reason": first|changed|parent|no-cache|evicted|cached|uncacheable, "lines": [...],
                              "last_hit_ns": n}; a warning may have `rule`: SecretGuard for a secret that is kept
    {"ask": {"id": K, "kind": secret|ssh|upload|auth, "name": ..., "context": ..., "sources": [...]}}
                             something that the client has. It answers {"answer": {"id": K, "ok": bool, "error": "",
                             "value": base64}}; of an upload and of ssh, data frames of stream K follow an answer that
                             is ok. An upload is a tar. Of ssh data go in both directions
    {"output": {"id": K, "type": tar|local|oci|docker, "dest": ...}}
                             data frames of stream K follow: a tar. Of `local` the client unpacks it itself
    {"check": {...}}         the answer of a call that does not build
    {"result": {"image_id", "digest", "names", "build_id"}}             the last document, or
    {"error": {"message", "solve", "code", "source": {"file", "start", "end"}, "excerpt", "vertex", "shell",
               "differences", "more", "only_times"}}
                             `differences`: of a build that was verified and is not the same twice, each {"layer",
                             "step", "path", "attribute", "first", "second"} (see `build.comparison`)
                             `shell`: the build's id, when a shell can be opened in the failed step's state

    POST /gorae/build/shell  the same conversation about a shell in a failed step's state (`ShellRequest`)

    {"shell": {"build", "name", "before", "command", "error", "expires_ns"}}    what it is opened in
    {"ask": {"id": K, "kind": "terminal"}}    after the client's answer data frames of stream K go in both directions:
                             input, and output. Without a terminal an output of type `stderr` is announced beside it.
                             {"resize": {"rows", "columns"}} of the client tells its window's size
    {"result": {"code": n}}  the command's status, the last document; or {"error": ...} as above

Beside it:

    GET  /gorae/build/records         builds that have ended, the newest first
    GET  /gorae/build/why             one of them: `build` (an id or its beginning) or the last one (of a `project`),
                                      `step` (a number) for that step alone: each step's name, cached, reason, lines,
                                      last_hit_ns, took_ns, error, `because`, the number of the step that made it run, and
                                      `changes`: {"kind", "name", "old", "new"}, `changed_files` of `files`
    POST /build/prune                 as docker's: all, filters, reserved-space (keep-storage), max-used-space,
                                      min-free-space, in bytes

An empty data frame ends a stream. A client that closes its sending half, or leaves, cancels the build: what its steps
have made by then stays cached. A context's `fd` is a directory's descriptor in the client's own process: the engine
takes it by pidfd_getfd(2) from the peer of the socket, and asks for an upload where it cannot.
"""

import struct
from collections.abc import Iterator

from msgspec import Struct, field

from gorae.errors import InvalidArgument

UPGRADE = "gorae-build"
CACHE_TO = "cache-to"
"""Begins the keys of folders that caches are written to."""
JSON = b"j"
DATA = b"d"
MAX_FRAME_BYTES = 16 << 20
MAX_DATA_BYTES = 1 << 20
_LENGTH = struct.Struct(">I")


class Source(Struct):
    """Where a context is had from: exactly one field is set. `layout`: an OCI layout's folder, as `fd`.

    `tag`, `digest`: which image of the layout; `shown`: what the user called it.
    """

    fd: int | None = None
    upload: bool = False
    image: str = ""
    url: str = ""
    git: str = ""
    empty: bool = False
    layout: int | None = None
    tag: str = ""
    digest: str = ""
    shown: str = ""


class DockerfileSource(Struct):
    """The Dockerfile: a path inside the main context, or its text.

    `ignore`: the text of the ignore file, which messages call `ignore_name`; without it the engine looks for
    `<path>.dockerignore`, then for `.dockerignore` in the context.
    """

    path: str = "Dockerfile"
    text: str | None = None
    ignore: str | None = None
    ignore_name: str = ".dockerignore"


class Identified(Struct):
    """A secret or an ssh agent that the client can be asked for."""

    id: str = ""


class Ulimit(Struct):
    """One resource limit."""

    name: str = ""
    soft: int = 0
    hard: int = 0


class BuildRequest(Struct):
    """All that `gorae build` can ask for. Sizes in bytes.

    `build_args`: null takes nothing, the client has filled in its environment. `outputs`, `cache_from`, `cache_to`:
    objects with `type` and attributes, all strings; of a local cache `folder` is its key in `folders`. `call`: build, check, outline or targets. `project`: what the
    cache's records of this build are compared with, e.g. the context's path. `verify`: build twice without the cache;
    the image is made only when both are the same.
    """

    dockerfile: DockerfileSource = field(default_factory=DockerfileSource)
    contexts: dict[str, Source] = field(default_factory=dict)
    folders: dict[str, Source] = field(default_factory=dict)
    target: str = ""
    build_args: dict[str, str | None] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    no_cache: bool = False
    no_cache_filter: list[str] = field(default_factory=list)
    pull: bool = False
    network: str = ""
    add_hosts: list[str] = field(default_factory=list)
    shm_size: int = 0
    ulimits: list[Ulimit] = field(default_factory=list)
    cgroup_parent: str = ""
    platforms: list[str] = field(default_factory=list)
    outputs: list[dict[str, str]] = field(default_factory=list)
    cache_from: list[dict[str, str]] = field(default_factory=list)
    cache_to: list[dict[str, str]] = field(default_factory=list)
    squash: bool = False
    secrets: list[Identified] = field(default_factory=list)
    ssh: list[Identified] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    call: str = "build"
    secret_guard: str = "warn"
    verify: bool = False
    project: str = ""


class ShellRequest(Struct):
    """A shell in a failed step's state: of a build (an id or its beginning), of the last one (of a `project`) without.

    `before`: as it was before the step; `command` empty: the step's own shell; `env`: further variables.
    """

    build: str = ""
    project: str = ""
    before: bool = False
    command: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    tty: bool = False
    rows: int = 0
    columns: int = 0
    secrets: list[Identified] = field(default_factory=list)
    ssh: list[Identified] = field(default_factory=list)


class Resize(Struct):
    """A window's size."""

    rows: int = 0
    columns: int = 0


class Answer(Struct):
    """The client's answer to an ask. `value` is base64."""

    id: int = 0
    ok: bool = False
    error: str = ""
    value: str = ""


class ClientDocument(Struct):
    """A `j` frame of the client."""

    answer: Answer | None = None
    resize: Resize | None = None


def json_frame(document: bytes) -> bytes:
    """The frame of one JSON document."""
    return _LENGTH.pack(len(document) + 1) + JSON + document


def data_frame(stream: int, data: bytes | memoryview) -> bytes:
    """The frame of a piece of a stream; empty data end it."""
    return _LENGTH.pack(len(data) + 5) + DATA + _LENGTH.pack(stream) + bytes(data)


class Frames:
    """Bytes as they come, to frames: (channel, stream, payload); the stream of a `j` frame is 0."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
        """The frames that are whole now.

        Raises:
            InvalidArgument: no such channel, or a frame beyond the limit.
        """
        self._buffer += data
        while len(self._buffer) >= 5:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if not 1 <= length <= MAX_FRAME_BYTES:
                raise InvalidArgument(f"a frame of {length} bytes: at most {MAX_FRAME_BYTES}")
            if len(self._buffer) < 4 + length:
                return
            frame = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield _opened(frame)


def _opened(frame: bytes) -> tuple[bytes, int, bytes]:
    channel = frame[:1]
    if channel == JSON:
        return channel, 0, frame[1:]
    if channel == DATA and len(frame) >= 5:
        return channel, _LENGTH.unpack_from(frame, 1)[0], frame[5:]
    raise InvalidArgument(f"no such channel: {channel!r}")
