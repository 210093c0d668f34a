"""Bytes kept aside for the day on which the disk is full.

What frees space (removing a container, an image, a volume) must be written down, and on a full disk even that takes
some. The ballast is a file which is given up then, and taken again in the largest size for which there is room.
"""

import contextlib
import os
from pathlib import Path

SIZE_BYTES = 1 << 20
SMALLEST_BYTES = 64 << 10


class Ballast:
    """One file beside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self) -> None:
        """Have it whole, or as much as there is room for; none at all is no error."""
        with contextlib.suppress(OSError):
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = SIZE_BYTES
                while size >= SMALLEST_BYTES and not _reserved(fd, size):
                    size //= 2
            finally:
                os.close(fd)

    def give(self) -> bool:
        """Give it up; whether there was any."""
        try:
            had = self._path.stat().st_blocks > 0
            self._path.unlink()
        except OSError:
            return False
        return had


def _reserved(fd: int, size: int) -> bool:
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError:
        return False
    return True
