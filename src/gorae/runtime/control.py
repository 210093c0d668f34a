"""Telling a running monitor something: its two fifos.

conmon 2.1 handles only the first of several lines that it reads at once, so a line is written only when the one
before it has been taken.
"""

import fcntl
import os
import select
import struct
import termios
import time
from pathlib import Path

from gorae.errors import Conflict

PATIENCE_S = 1.0
_STEP_S = 0.001


def resize(directory: Path, rows: int, columns: int) -> None:
    """A terminal's new size. Raises: Conflict: no monitor listens."""
    _send(directory / "winsz", f"{rows} {columns}\n")


def reopen_log(directory: Path) -> None:
    """Close the log, open its path anew. Raises: Conflict: no monitor listens."""
    _send(directory / "ctl", "2 0 0\n")


def _send(fifo: Path, line: str) -> None:
    try:
        fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Conflict(f'no monitor listens at "{fifo}": {error.strerror}') from error
    try:
        _wait_empty(fd)
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def _wait_empty(fd: int) -> None:
    """A fifo has no event for being empty; the monitor takes a line within a millisecond."""
    deadline = time.monotonic() + PATIENCE_S
    while _unread(fd) and time.monotonic() < deadline:
        select.select((), (), (), _STEP_S)


def _unread(fd: int) -> int:
    (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))
    return int(count)
