"""How much room a file system has."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes in all, and those that are free for everybody (f_bavail). Source: statvfs(3)"""

    total_bytes: int
    free_bytes: int

    @property
    def free_percent(self) -> float:
        """Of the whole."""
        return 100 * self.free_bytes / self.total_bytes if self.total_bytes else 0.0


def space(path: Path) -> Space:
    """Of the file system that `path` is on."""
    found = os.statvfs(path)
    return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
