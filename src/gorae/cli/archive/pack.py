"""A local file or folder as a tar, in pieces."""

from __future__ import annotations

import os
import stat

from gorae.errors import InvalidArgument
from gorae.oci.tar import header
from gorae.oci.tar.header import BLOCK, Entry, format_entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 20
GATHERED = 256 << 10
_TYPES = {
    stat.S_IFREG: header.REGULAR,
    stat.S_IFDIR: header.DIRECTORY,
    stat.S_IFLNK: header.SYMLINK,
    stat.S_IFCHR: header.CHARACTER,
    stat.S_IFBLK: header.BLOCK_DEVICE,
    stat.S_IFIFO: header.FIFO,
}


def pieces(path: str, name: str) -> Iterator[bytes]:
    """The archive of `path` under the member name `name` (`.`: a folder's content), small pieces put together.

    Raises:
        InvalidArgument: something cannot be read.
    """
    held = bytearray()
    for piece in _members(path, name):
        if len(piece) < GATHERED:
            held += piece
        if len(held) >= GATHERED or len(piece) >= GATHERED:
            yield bytes(held)
            held.clear()
        if len(piece) >= GATHERED:
            yield piece
    yield bytes(held) + bytes(2 * BLOCK)


def _members(path: str, name: str) -> Iterator[bytes]:
    links: dict[tuple[int, int], str] = {}
    stack = [(path, name)]
    try:
        while stack:
            path, name = stack.pop()
            info = os.lstat(path)
            if stat.S_ISDIR(info.st_mode):
                yield _head(path, name, info)
                names = sorted(os.listdir(path), key=os.fsencode, reverse=True)
                stack += [(f"{path}/{one}", f"{name}/{one}") for one in names]
            elif not stat.S_ISSOCK(info.st_mode):
                yield from _other(path, name, info, links)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidArgument(f"open {error.filename or path}: {reason}") from None


def _other(
    path: str, name: str, info: os.stat_result, links: dict[tuple[int, int], str]
) -> Iterator[bytes]:
    if info.st_nlink > 1:
        first = links.setdefault((info.st_dev, info.st_ino), name)
        if first != name:
            yield _head(path, name, info, link=first)
            return
    if not stat.S_ISREG(info.st_mode):
        yield _head(path, name, info)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield _head(path, name, info)
        left = info.st_size
        while left:
            piece = os.read(descriptor, min(left, PIECE)) or bytes(min(left, PIECE))
            left -= len(piece)
            yield piece
        yield bytes(-info.st_size % BLOCK)
    finally:
        os.close(descriptor)


def _head(path: str, name: str, info: os.stat_result, *, link: str = "") -> bytes:
    kind = header.HARD_LINK if link else _TYPES[stat.S_IFMT(info.st_mode)]
    entry = Entry(
        f"{name}/" if kind == header.DIRECTORY else name,
        kind,
        stat.S_IMODE(info.st_mode),
        info.st_uid,
        info.st_gid,
        info.st_size if kind == header.REGULAR else 0,
        info.st_mtime_ns - info.st_mtime_ns % 1_000_000_000,
        os.readlink(path) if kind == header.SYMLINK else link,
    )
    if kind in (header.CHARACTER, header.BLOCK_DEVICE):
        entry.devmajor, entry.devminor = os.major(info.st_rdev), os.minor(info.st_rdev)
    return format_entry(entry)
