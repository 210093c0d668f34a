"""A folder as a tar, without what the ignore rules take: for engines that cannot be handed the folder itself."""

from __future__ import annotations

import os
import stat
import tarfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorae.dockerfile.ignore import Ignore, State

PIECE = 1 << 20


def pieces(folder: str, ignore: Ignore) -> Iterator[bytes]:
    """The archive in pieces; a folder that is ignored is not walked unless a `!` rule may reach into it."""
    links: dict[tuple[int, int], str] = {}
    for name, path in _walk(folder, "", ignore, ()):
        yield from _member(name, path, links)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _walk(folder: str, prefix: str, ignore: Ignore, above: State) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = f"{prefix}{entry.name}"
        ignored, state = ignore.step(name, above)
        if not ignored:
            yield name, entry.path
        if entry.is_dir(follow_symlinks=False) and (not ignored or ignore.may_keep_below(name)):
            yield from _walk(entry.path, f"{name}/", ignore, state)


def _member(name: str, path: str, links: dict[tuple[int, int], str]) -> Iterator[bytes]:
    info = os.lstat(path)
    member = tarfile.TarInfo(name)
    member.mode = stat.S_IMODE(info.st_mode)
    member.mtime = int(info.st_mtime)
    if stat.S_ISDIR(info.st_mode):
        member.type = tarfile.DIRTYPE
        member.name = f"{name}/"
    elif stat.S_ISLNK(info.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif stat.S_ISREG(info.st_mode):
        first = links.setdefault((info.st_dev, info.st_ino), name)
        if first != name:
            member.type, member.linkname = tarfile.LNKTYPE, first
        else:
            member.size = info.st_size
    else:  # sockets, pipes and devices are no part of a context
        return
    yield member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    if member.type == tarfile.REGTYPE:
        yield from _content(path, member.size)


def _content(path: str, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes, whatever happens to the file meanwhile, and the padding."""
    left = size
    with open(path, "rb") as file:
        while left and (data := file.read(min(PIECE, left))):
            left -= len(data)
            yield data
    padding = left + -size % tarfile.BLOCKSIZE
    while padding:
        yield bytes(min(PIECE, padding))
        padding -= min(PIECE, padding)
