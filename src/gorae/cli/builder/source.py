"""The contexts of a build and its Dockerfile, as the user named them.

A folder of this machine is opened and its descriptor's number goes to the engine, which takes the descriptor itself;
where it cannot (another machine, another user) the engine asks for the upload and gets a tar of what the ignore
rules leave.
"""

from __future__ import annotations

import os
import stat

from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gorae.cli.console import Console

IGNORE_FILE = ".dockerignore"
MAX_DOCKERFILE_BYTES = 8 << 20
MAGIC = (
    (0, b"\x1f\x8b"),
    (0, b"BZh"),
    (0, b"\xfd7zXZ\x00"),
    (0, b"\x28\xb5\x2f\xfd"),
    (257, b"ustar"),
)
PEEK = 512
GIT_PREFIXES = ("git://", "git@", "ssh://", "github.com/")
WEB_PREFIXES = ("http://", "https://")


class Source:
    """One context.

    `document`: as the request names it; `folder`: the path of a local one; `pieces`: a tar that is there already
    (standard input); `is_context`: ignore rules are for it.
    """

    def __init__(
        self,
        document: dict[str, Any],
        folder: str = "",
        pieces: Iterator[bytes] | None = None,
        *,
        is_context: bool = True,
    ) -> None:
        self.document = document
        self.is_context = is_context
        self.folder = folder
        self.pieces = pieces


class Dockerfile:
    """Its text and where it is from; `text` None: the engine finds `path` in the context.

    `ignore`: the text of the ignore file that goes with it, `ignore_name` what messages call that.
    """

    def __init__(
        self,
        path: str,
        text: bytes | None = None,
        ignore: bytes | None = None,
        ignore_name: str = IGNORE_FILE,
    ) -> None:
        self.path = path
        self.text = text
        self.ignore = ignore
        self.ignore_name = ignore_name


def is_git(text: str) -> bool:
    """Whether a context names a repository."""
    if text.startswith(GIT_PREFIXES):
        return True
    path = text.partition("#")[0].partition("?")[0]
    return text.startswith(WEB_PREFIXES) and path.endswith(".git")


def main_context(text: str, file: str, console: Console) -> tuple[Source, Dockerfile]:
    """PATH, URL or `-`, with `-f`.

    Raises:
        InvalidArgument: `-` for both, or standard input is a terminal. NotFound: no such folder or Dockerfile.
    """
    if text == "-":
        return _from_stdin(file, console)
    if is_git(text):
        return Source({"git": text}), _remote_dockerfile(file, console)
    if text.startswith(WEB_PREFIXES):
        return Source({"url": text}), _remote_dockerfile(file, console)
    source = folder(text)
    return source, _local_dockerfile(file, source.folder, console)


def folder(path: str) -> Source:
    """A local folder, opened; the descriptor stays open until we leave.

    Raises:
        NotFound: there is none. InvalidArgument: it is no folder.
    """
    if not os.path.exists(path):
        raise NotFound(f'unable to prepare context: path "{path}" not found')
    if not os.path.isdir(path):
        raise InvalidArgument(f'unable to prepare context: path "{path}" is not a folder')
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return Source({"fd": descriptor}, path)


def layout_folder(path: str) -> Source | None:
    """The folder of a local cache; None where there is none."""
    if not os.path.isdir(path):
        return None
    found = folder(path)
    return Source(found.document, path, is_context=False)


def named_context(text: str) -> tuple[str, Source]:
    """`NAME=FOLDER`, `NAME=docker-image://IMAGE`, `NAME=URL`, `NAME=oci-layout://FOLDER`."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise InvalidArgument(f"invalid build context {text}: wanted NAME=VALUE")
    if value.startswith("docker-image://"):
        return name, Source({"image": value.removeprefix("docker-image://")})
    if value.startswith("oci-layout://"):
        path, _, digest = value.removeprefix("oci-layout://").partition("@")
        path, _, tag = path.partition(":")
        found = folder(path)
        document = {"layout": found.document["fd"], "tag": tag, "digest": digest, "shown": value}
        return name, Source(document, found.folder, is_context=False)
    if is_git(value):
        return name, Source({"git": value})
    if value.startswith(WEB_PREFIXES):
        return name, Source({"url": value})
    return name, folder(value)


def _from_stdin(file: str, console: Console) -> tuple[Source, Dockerfile]:
    if file == "-":
        raise InvalidArgument(
            "invalid argument: can't use stdin for both build context and dockerfile"
        )
    if console.input_is_terminal:
        raise InvalidArgument(
            "standard input is a terminal: pipe a Dockerfile or a tar archive into it"
        )
    head = read_all(console.input_descriptor, PEEK)
    if any(head[at : at + len(magic)] == magic for at, magic in MAGIC):
        pieces = _rest(head, console.input_descriptor)
        return Source({"upload": True}, pieces=pieces), Dockerfile(file or "Dockerfile")
    text = head + read_all(console.input_descriptor, MAX_DOCKERFILE_BYTES)
    return Source({"empty": True}), Dockerfile("Dockerfile", text)


def _remote_dockerfile(file: str, console: Console) -> Dockerfile:
    if file == "-":
        return _dockerfile_from_stdin(console)
    return Dockerfile(file or "Dockerfile")


def _dockerfile_from_stdin(console: Console) -> Dockerfile:
    text = read_all(console.input_descriptor, MAX_DOCKERFILE_BYTES + 1)
    return Dockerfile("Dockerfile", text)


def _local_dockerfile(file: str, context: str, console: Console) -> Dockerfile:
    """`-f` is found from here, else in the context."""
    if file == "-":
        found = _dockerfile_from_stdin(console)
        found.ignore = read_if_there(os.path.join(context, IGNORE_FILE))
        return found
    if file.startswith(WEB_PREFIXES):
        return Dockerfile(file)
    path = file or os.path.join(context, "Dockerfile")
    if (
        not file
        and not os.path.lexists(path)
        and os.path.lexists(os.path.join(context, "dockerfile"))
    ):
        path = os.path.join(context, "dockerfile")
    if file and not os.path.lexists(path) and os.path.lexists(os.path.join(context, file)):
        path = os.path.join(context, file)
    text = read_if_there(path)
    if text is None:
        raise NotFound(
            f"failed to read dockerfile: open {os.path.basename(path)}: no such file or directory"
        )
    for name in (f"{path}{IGNORE_FILE}", os.path.join(context, IGNORE_FILE)):
        ignore = read_if_there(name)
        if ignore is not None:
            shown = os.path.relpath(name, context)
            shown = name if shown.startswith("../") else shown
            return Dockerfile(os.path.basename(path), text, ignore, shown)
    return Dockerfile(os.path.basename(path), text)


def utf8_text(text: bytes, name: str) -> str:
    """A Dockerfile's text; only its comments may hold bytes that are not UTF-8.

    Raises:
        InvalidArgument: another line does, which is named.
    """
    for number, line in enumerate(text.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            if not line.lstrip().startswith(b"#"):
                raise InvalidArgument(
                    f"{name}:{number}: the line is not UTF-8 text: save the file as UTF-8"
                ) from None
    return text.decode("utf-8", "replace")


def read_if_there(path: str) -> bytes | None:
    """A small file's bytes; None where there is no such file.

    Raises:
        InvalidArgument: it is no file, or too large.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidArgument(f'"{path}" is not a file')
            data = file.read(MAX_DOCKERFILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise InvalidArgument(f'"{path}" is a folder, not a file') from None
    if len(data) > MAX_DOCKERFILE_BYTES:
        raise InvalidArgument(f'"{path}" has more than {MAX_DOCKERFILE_BYTES} bytes')
    return data


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes to would hold us for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_all(descriptor: int, limit: int) -> bytes:
    """What a descriptor gives, `limit` bytes at most."""
    data = bytearray()
    while len(data) < limit and (piece := os.read(descriptor, limit - len(data))):
        data += piece
    return bytes(data)


def _rest(head: bytes, descriptor: int) -> Iterator[bytes]:
    yield head
    while piece := os.read(descriptor, 1 << 20):
        yield piece
