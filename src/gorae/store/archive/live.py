"""A tree of files written as a tar, read by descriptors: what a stranger swaps meanwhile leads nowhere else.

A name is opened as O_PATH and never followed; only what turns out to be a regular file is opened for reading, so that
no device and no fifo is touched. A file that shrinks while it is read is filled up with zeros, as its header said how
long it is. Hard links among the members stay hard links, sockets are left out.
"""

import os
import stat
from collections.abc import Callable, Iterator
from typing import Protocol

from gorae.errors import InvalidArgument
from gorae.oci.tar.header import (
    BLOCK,
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    HARD_LINK,
    REGULAR,
    SYMLINK,
    Entry,
    format_entry,
)
from gorae.store.archive.member import get_xattrs

PIECE = 1 << 20
SMALL = 64 << 10
MAX_DEPTH = 1000
_KEPT_XATTRS = ("security.capability", "user.")
_TYPES = {
    stat.S_IFREG: REGULAR,
    stat.S_IFDIR: DIRECTORY,
    stat.S_IFLNK: SYMLINK,
    stat.S_IFCHR: CHARACTER,
    stat.S_IFBLK: BLOCK_DEVICE,
    stat.S_IFIFO: FIFO,
}
_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take them all."""


Enters = Callable[[os.stat_result], bool]
"""Whether the walk goes into a directory."""


class LivePacker:
    """One archive being written. Times are whole seconds unless `nanoseconds`."""

    def __init__(
        self, out: Sink, *, nanoseconds: bool = False, enters: Enters = lambda info: True
    ) -> None:
        self._out = out
        self._unit_ns = 1 if nanoseconds else 1_000_000_000
        self._enters = enters
        self._links: dict[tuple[int, int], str] = {}
        self._buffer = bytearray()

    def add(self, name: str, dir_fd: int, base: str) -> None:
        """The member `name` from the entry `base` of a directory; of a directory all that is below too.

        Raises:
            FileNotFoundError: there is no such entry. InvalidArgument: the tree is too deep. OSError.
        """
        fd = os.open(base, _PATH, dir_fd=dir_fd)
        try:
            info = os.fstat(fd)
            if stat.S_ISDIR(info.st_mode):
                self.add_directory(name, fd)
            else:
                self._add_other(name, fd, info)
        finally:
            os.close(fd)

    def add_directory(self, name: str, fd: int) -> None:
        """An open directory and all below; an entry that vanishes meanwhile is left out. Raises: as `add`."""
        stack: list[tuple[str, int, Iterator[str]]] = []
        try:
            self._enter(stack, name, fd)
            while stack:
                stem, dir_fd, names = stack[-1]
                stem = stem.rstrip("/")
                base = next(names, None)
                if base is None:
                    os.close(stack.pop()[1])
                    continue
                try:
                    inner = os.open(base, _PATH, dir_fd=dir_fd)
                except FileNotFoundError:
                    continue
                try:
                    info = os.fstat(inner)
                    if stat.S_ISDIR(info.st_mode):
                        self._enter(stack, f"{stem}/{base}", inner)
                    else:
                        self._add_other(f"{stem}/{base}", inner, info)
                finally:
                    os.close(inner)
        finally:
            for _, dir_fd, _ in stack:
                os.close(dir_fd)

    def _enter(self, stack: list[tuple[str, int, Iterator[str]]], name: str, fd: int) -> None:
        """Write a directory's entry, and put it on the stack when the walk is to go into it."""
        if len(stack) >= MAX_DEPTH:
            raise InvalidArgument(f'"{name[:200]}" lies more than {MAX_DEPTH} directories deep')
        readable = os.open(".", _DIRECTORY, dir_fd=fd)
        stack.append((name, readable, iter(())))
        info = os.fstat(readable)
        self._entry(name, info, fd=readable)
        if self._enters(info):
            stack[-1] = (name, readable, iter(sorted(os.listdir(readable), key=os.fsencode)))

    def _add_other(self, name: str, fd: int, info: os.stat_result) -> None:
        key = (info.st_dev, info.st_ino)
        if info.st_nlink > 1:
            first = self._links.get(key)
            if first is not None:
                self._entry(name, info, kind=HARD_LINK, link=first)
                return
            self._links[key] = name
        if stat.S_ISREG(info.st_mode):
            self._add_file(name, fd, info)
        elif stat.S_ISLNK(info.st_mode):
            self._entry(name, info, link=os.readlink("", dir_fd=fd))
        elif not stat.S_ISSOCK(info.st_mode):
            self._entry(name, info)

    def _add_file(self, name: str, fd: int, info: os.stat_result) -> None:
        try:
            file = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:  # the kernel's own files that are only written to
            return
        try:
            self._entry(name, info, fd=file)
            left = info.st_size
            while left:
                piece = _read(file, min(left, PIECE)) or bytes(min(left, PIECE))
                left -= len(piece)
                self._put(piece)
            self._put(bytes(-info.st_size % BLOCK))
        finally:
            os.close(file)

    def _entry(
        self, name: str, info: os.stat_result, *, kind: bytes = b"", link: str = "", fd: int = -1
    ) -> None:
        kind = kind or _TYPES[stat.S_IFMT(info.st_mode)]
        entry = Entry(
            name.rstrip("/") + "/" if kind == DIRECTORY else name,
            kind,
            stat.S_IMODE(info.st_mode),
            info.st_uid,
            info.st_gid,
            info.st_size if kind == REGULAR else 0,
            info.st_mtime_ns - info.st_mtime_ns % self._unit_ns,
            link,
        )
        if kind in (CHARACTER, BLOCK_DEVICE):
            entry.devmajor, entry.devminor = os.major(info.st_rdev), os.minor(info.st_rdev)
        if fd >= 0:
            entry.xattrs = _xattrs(fd)
        self._put(format_entry(entry))

    def _put(self, data: bytes) -> None:
        """Small pieces go out together."""
        if len(data) < SMALL:
            self._buffer += data
            if len(self._buffer) < PIECE // 4:
                return
            data = b""
        self._flush()
        if data:
            self._out.write(data)

    def _flush(self) -> None:
        if self._buffer:
            self._out.write(bytes(self._buffer))
            self._buffer.clear()

    def finish(self) -> None:
        """Two blocks of zeros."""
        self._put(bytes(2 * BLOCK))
        self._flush()


def _xattrs(fd: int) -> dict[str, bytes]:
    """Only those that mean something elsewhere."""
    return {k: value for k, value in get_xattrs(fd).items() if k.startswith(_KEPT_XATTRS)}


def _read(file: int, size: int) -> bytes:
    """Some bytes; none where the kernel's own file gives an error instead: its length has been promised already."""
    try:
        return os.read(file, size)
    except OSError:
        return b""
