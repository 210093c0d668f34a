"""Layers seen as one, without mounting them: what overlayfs would show of a stack of directories.

Layers are in overlayfs's own form: a character device 0:0 hides a name, `trusted.overlay.opaque` hides what layers
below have in a directory. Every name is looked up by a directory's descriptor and never followed.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

OPAQUE = "trusted.overlay.opaque"
DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_whiteout(info: os.stat_result) -> bool:
    """Whether a directory entry hides the name in the layers below."""
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def is_opaque(dir_fd: int) -> bool:
    """Whether a directory hides what the layers below have at its path."""
    try:
        return os.getxattr(dir_fd, OPAQUE) == b"y"
    except OSError:
        return False


def lstat(dir_fd: int, name: str) -> os.stat_result | None:
    """A directory entry, links not followed; None when there is none."""
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


class Merged:
    """One directory of a stack, nearest layer first; owns its descriptors."""

    def __init__(self, fds: list[int], layers: Iterable[Path] = ()) -> None:
        self._opened = fds
        self._layers: Iterable[Path] | None = layers

    @classmethod
    @contextlib.contextmanager
    def open(cls, layers: Iterable[Path]) -> Iterator["Merged"]:
        """The root of a stack; its layers are asked for when the first name is looked up, which may never be."""
        root = cls([], layers)
        try:
            yield root
        finally:
            root.close()

    @property
    def _fds(self) -> list[int]:
        if self._layers is not None:
            layers, self._layers = self._layers, None
            for layer in layers:
                self._opened.append(os.open(layer, DIRECTORY_FLAGS))
        return self._opened

    def __bool__(self) -> bool:
        """Whether any layer has the directory."""
        return bool(self._fds)

    def find(self, name: str) -> tuple[int, os.stat_result] | None:
        """The directory descriptor of the nearest layer that has `name`, and what it is; None when hidden or absent."""
        for fd in self._fds:
            info = lstat(fd, name)
            if info is not None:
                return None if is_whiteout(info) else (fd, info)
        return None

    def enter(self, name: str) -> "Merged":
        """The directory `name`; empty where there is none."""
        found: list[int] = []
        for fd in self._fds:
            info = lstat(fd, name)
            if info is None:
                continue
            if not stat.S_ISDIR(info.st_mode):
                break
            found.append(os.open(name, DIRECTORY_FLAGS, dir_fd=fd))
            if is_opaque(found[-1]):
                break
        return Merged(found)

    def names(self) -> set[str]:
        """Every name to be seen in the directory."""
        seen = {name for fd in self._fds for name in os.listdir(fd)}
        return {name for name in seen if self.find(name) is not None}

    def top(self) -> os.stat_result | None:
        """What the nearest layer's directory is; None without layers."""
        return os.fstat(self._fds[0]) if self._fds else None

    def close(self) -> None:
        """Close the descriptors."""
        while self._opened:
            os.close(self._opened.pop())
