"""Where a build's exported streams go on the client's side: a file, standard output, a folder."""

from __future__ import annotations

import contextlib
import os
import threading

from gorae.cli import outfile
from gorae.errors import Conflict, GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.console import Console


def check(outputs: list[dict[str, str]], console: Console) -> None:
    """Raises: InvalidArgument: a stream would go to the terminal."""
    for one in outputs:
        if one.get("dest") == "-" and console.out.is_terminal:
            raise InvalidArgument(
                "dest file is required for tar exporter. refusing to write to console"
            )


def sink(
    announced: dict[str, Any], console: Console, closing: contextlib.ExitStack
) -> Callable[[bytes], None]:
    """Who takes the pieces of an announced output; the empty piece is its end. `closing` drops a file without one."""
    destination = announced.get("dest", "-")
    if announced["type"] == "local":
        return _Folder(destination).take
    if destination == "-":
        return _Stream(console).take
    file = _File(destination)
    closing.callback(file.abandon)
    return file.take


class _Stream:
    def __init__(self, console: Console) -> None:
        self._out = console.out

    def take(self, data: bytes) -> None:
        """Write through."""
        self._out.write(data)
        if not data:
            self._out.flush()


class _File:
    """Replaced at the end only: a failed build leaves the old one. What is no file is written through."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._staged = path if outfile.special(path) else f"{path}.{os.getpid()}.part"
        self._file = open(self._staged, "wb")  # noqa: SIM115 - closed at the end of the stream

    def take(self, data: bytes) -> None:
        """Write; rename at the end."""
        if data:
            self._file.write(data)
            return
        self._file.flush()
        if self._staged != self._path:
            os.fsync(self._file.fileno())
            os.replace(self._staged, self._path)
        self._file.close()

    def abandon(self) -> None:
        """The build is over: what has not come to its end goes."""
        if self._file.closed:
            return
        self._file.close()
        if self._staged != self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._staged)


class _Folder:
    """A tar unpacked as it comes, by a thread that reads the other end of a pipe."""

    def __init__(self, path: str) -> None:
        read, self._write = os.pipe()
        self._failure: list[str] = []
        self._thread = threading.Thread(target=self._unpack, args=(read, path), daemon=True)
        self._thread.start()

    def _unpack(self, descriptor: int, path: str) -> None:
        from gorae.cli.builder import unpack

        with os.fdopen(descriptor, "rb") as stream:
            try:
                unpack.unpack(stream, path)
                while stream.read(1 << 20):
                    continue
            except (GoraeError, OSError) as error:
                self._failure.append(str(error))

    def take(self, data: bytes) -> None:
        """Hand on; at the end wait for the last file."""
        if not self._failure and data:
            try:
                while data:
                    data = data[os.write(self._write, data) :]
                return
            except BrokenPipeError:
                pass
        if data and not self._failure:
            return
        os.close(self._write)
        self._thread.join()
        if self._failure:
            raise Conflict(f"cannot write the build's output: {self._failure[0]}")
