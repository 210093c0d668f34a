"""Archives between the engine and files, standard input or output."""

from __future__ import annotations

import os
import stat

from gorae.cli import outfile
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorae.cli.console import Console
    from gorae.client.transport import Response

CHUNK = 1 << 20


def read_descriptor(descriptor: int) -> Iterator[bytes]:
    """What the descriptor gives, in pieces."""
    while data := os.read(descriptor, CHUNK):
        yield data


def read_path(path: str) -> Iterator[bytes]:
    """What the file holds, in pieces.

    Raises:
        InvalidArgument: it cannot be opened (at the call, not at the first piece).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidArgument(f"open {path}: {(error.strerror or '').lower()}") from None
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidArgument(f"read {path}: is a directory")
    return _read_and_close(descriptor)


def _read_and_close(descriptor: int) -> Iterator[bytes]:
    try:
        yield from read_descriptor(descriptor)
    finally:
        os.close(descriptor)


def check_output(console: Console, path: str, what: str, noun: str) -> None:
    """Refuse a terminal and a folder that is not there.

    Raises:
        InvalidArgument: in docker's words; `what` is "save" or "export", `noun` what of.
    """
    if not path:
        if console.out.is_terminal:
            raise InvalidArgument(
                "cowardly refusing to save to a terminal. Use the -o flag or redirect"
            )
        return
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise InvalidArgument(
            f"failed to {what} {noun}: invalid output path: stat {folder}: no such file or directory"
        )
    if os.path.isdir(path):
        raise InvalidArgument(f"failed to {what} {noun}: cannot write to a directory")
    found = outfile.special(path)
    if found:
        raise InvalidArgument(f"failed to {what} {noun}: cannot write to {found}")


def write_response(response: Response, console: Console, path: str) -> None:
    """The body to standard output, or whole into a file: what breaks off leaves none."""
    if not path:
        for piece in response.chunks():
            console.out.write(piece)
        console.flush()
        return
    staged = f"{path}.{os.getpid()}.part"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in response.chunks():
                file.write(piece)
        os.replace(staged, path)
    except BaseException:
        os.unlink(staged)
        raise
