"""What a layer hides of the layers below: `.wh.NAME` and `.wh..wh..opq` in a tar, and the ways to carry it out.

A marker counts for the layers below only, wherever it stands in the archive: what its own layer has stays.
Source: image-spec v1.1 layer.md#whiteouts
"""

import os
import stat
from typing import Protocol

from gorae.errors import InvalidArgument
from gorae.store.archive.stack import DIRECTORY_FLAGS, OPAQUE, Merged, lstat

PREFIX = ".wh."
META = ".wh..wh."
OPAQUE_NAME = ".wh..wh..opq"


def hidden_name(name: str) -> str:
    """The name that a marker hides; empty for the old bookkeeping of aufs, which hides nothing.

    Raises:
        InvalidArgument: a marker of no name.
    """
    if name.startswith(META):
        return ""
    hidden = name.removeprefix(PREFIX)
    if hidden in ("", ".", ".."):
        raise InvalidArgument(f'invalid whiteout entry "{name}"')
    return hidden


class Whiteouts(Protocol):
    """One way to carry markers out."""

    def takes(self, name: str) -> bool:
        """Whether a member of this name is a marker here."""

    def hide(self, dir_fd: int, parent: str, name: str) -> None:
        """Hide `name` of the layers below."""

    def hide_all(self, dir_fd: int, parent: str) -> None:
        """Hide everything that the layers below have in the directory."""

    def made(self, path: str) -> None:
        """The layer has this path itself."""


class OverlayWhiteouts:
    """Into an overlay's upper directory, which holds nothing but this layer. `below`: the layers under it."""

    def __init__(self, below: Merged) -> None:
        self._below = below

    def takes(self, name: str) -> bool:
        """Every marker."""
        return name.startswith(PREFIX)

    def hide(self, dir_fd: int, parent: str, name: str) -> None:
        """By a device 0:0; a directory of this layer stays and becomes opaque."""
        info = lstat(dir_fd, name)
        if info is None:
            os.mknod(name, stat.S_IFCHR, 0, dir_fd=dir_fd)
        elif stat.S_ISDIR(info.st_mode):
            fd = os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
            try:
                os.setxattr(fd, OPAQUE, b"y")
            finally:
                os.close(fd)

    def hide_all(self, dir_fd: int, parent: str) -> None:
        """By the opaque attribute; overlayfs does not look at the root's, so there each name is hidden."""
        if parent:
            os.setxattr(dir_fd, OPAQUE, b"y")
            return
        for name in self._below.names():
            self.hide(dir_fd, parent, name)

    def made(self, path: str) -> None:
        """No matter: the upper directory itself tells."""


class RemovingWhiteouts:
    """Into a copy of the layers below: what is hidden is removed, but for what this layer brought."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    def takes(self, name: str) -> bool:
        """Every marker."""
        return name.startswith(PREFIX)

    def hide(self, dir_fd: int, parent: str, name: str) -> None:
        """Remove it, or the part of it that is not this layer's."""
        path = f"{parent}/{name}" if parent else name
        info = lstat(dir_fd, name)
        if info is None:
            return
        if not stat.S_ISDIR(info.st_mode):
            if path not in self._made:
                os.unlink(name, dir_fd=dir_fd)
            return
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
        try:
            self.hide_all(fd, path)
            empty = not os.listdir(fd)
        finally:
            os.close(fd)
        if empty and path not in self._made:
            os.rmdir(name, dir_fd=dir_fd)

    def hide_all(self, dir_fd: int, parent: str) -> None:
        """Each name in turn."""
        for name in os.listdir(dir_fd):
            self.hide(dir_fd, parent, name)

    def made(self, path: str) -> None:
        """Keep it, and its parents."""
        while path and path not in self._made:
            self._made.add(path)
            path = path.rpartition("/")[0]


class NoWhiteouts:
    """A plain archive: names that look like markers are ordinary files."""

    def takes(self, name: str) -> bool:
        """None."""
        return False

    def hide(self, dir_fd: int, parent: str, name: str) -> None:
        """Never called."""

    def hide_all(self, dir_fd: int, parent: str) -> None:
        """Never called."""

    def made(self, path: str) -> None:
        """No matter."""
