"""What a snapshot adds, as a layer's tar: the same bytes for the same files, whenever and wherever they are packed.

Names are sorted by their bytes within each directory, a directory comes before what it holds, owners are numbers,
times are whole seconds. A device 0:0 becomes `.wh.NAME`, an opaque directory gets `.wh..wh..opq` as its first
member. Of hard links the first name carries the content. Sockets are left out. Nothing of the root directory itself.

The bytes are promised: layers are packed again from their snapshot when somebody wants the archive, so a change of
what is written here needs a new `WRITER`. Source: image-spec v1.1 layer.md
"""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import Conflict
from gorae.oci.digest import DiffId
from gorae.oci.tar import header
from gorae.oci.tar.header import BLOCK, ZERO_BLOCK, Entry, format_entry
from gorae.store.archive.member import get_xattrs
from gorae.store.archive.stack import OPAQUE
from gorae.store.archive.whiteout import OPAQUE_NAME, PREFIX
from gorae.store.tree import MAX_DEPTH

WRITER = 1
_PIECE = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOATIME
_SECOND_NS = 1_000_000_000
Write = Callable[[bytes], object]
Observe = Callable[[str, bytes], object]
"""Called with a file's path and a piece of its content, in order."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A layer's tar: its digest and length, and what the files take unpacked."""

    diff_id: DiffId
    size_bytes: int
    content_bytes: int
    inodes: int


def pack_layer(upper: Path, write: Write | None = None, observe: Observe | None = None) -> Packed:
    """Pack the tree below `upper`; without `write` only its digest is found.

    Raises:
        Conflict: a file changed while it was read. OSError.
    """
    top = os.open(upper, _DIRECTORY)
    packer = _Packer(write, observe)
    try:
        packer.directory(top, "", 0)
        return packer.finish()
    finally:
        os.close(top)


class _Packer:
    """The stream and what was seen of hard links."""

    def __init__(self, write: Write | None, observe: Observe | None) -> None:
        self._write = write
        self._observe = observe
        self._hash = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._links: dict[int, str] = {}
        self.size_bytes = 0
        self.content_bytes = 0
        self.inodes = 0

    def directory(self, fd: int, stem: str, depth: int) -> None:
        """What a directory holds."""
        for name in sorted(os.listdir(fd), key=os.fsencode):
            info = os.stat(name, dir_fd=fd, follow_symlinks=False)
            kind = stat.S_IFMT(info.st_mode)
            if kind == stat.S_IFREG:
                self._file(fd, name, f"{stem}{name}", info)
            elif kind == stat.S_IFDIR:
                self._folder(fd, name, f"{stem}{name}", info, depth)
            else:
                self._other(fd, name, stem, info, kind)

    def _folder(self, fd: int, name: str, path: str, info: os.stat_result, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise Conflict(f'the directory "{path[:255]}" is too deep to be packed')
        self.inodes += 1
        inner = os.open(name, _DIRECTORY, dir_fd=fd)
        try:
            xattrs, opaque = _directory_xattrs(inner)
            entry = _entry(f"{path}/", header.DIRECTORY, info)
            entry.xattrs = xattrs
            self._put(format_entry(entry))
            if opaque:
                self._whiteout(f"{path}/{OPAQUE_NAME}", info)
            self.directory(inner, f"{path}/", depth + 1)
        finally:
            os.close(inner)

    def _file(self, fd: int, name: str, path: str, info: os.stat_result) -> None:
        if info.st_nlink > 1:
            first = self._links.setdefault(info.st_ino, path)
            if first != path:
                entry = _entry(path, header.HARD_LINK, info)
                entry.linkname = first
                self._put(format_entry(entry))
                return
        self.inodes += 1
        size = info.st_size
        self.content_bytes += size
        entry = _entry(path, header.REGULAR, info)
        entry.size = size
        inner = os.open(name, _FILE, dir_fd=fd)
        try:
            entry.xattrs = get_xattrs(inner)
            self._put(format_entry(entry))
            left = size
            while left > 0:
                piece = os.read(inner, min(left, _PIECE))
                if not piece:
                    raise Conflict(f'the file "{path[:255]}" became shorter while it was packed')
                if self._observe is not None:
                    self._observe(path, piece)
                self._put(piece)
                left -= len(piece)
        finally:
            os.close(inner)
        if size % BLOCK:
            self._put(ZERO_BLOCK[: BLOCK - size % BLOCK])

    def _other(self, fd: int, name: str, stem: str, info: os.stat_result, kind: int) -> None:
        path = f"{stem}{name}"
        if kind == stat.S_IFCHR and info.st_rdev == 0:
            self._whiteout(f"{stem}{PREFIX}{name}", info)
            return
        if kind == stat.S_IFSOCK:
            return
        if info.st_nlink > 1:
            first = self._links.setdefault(info.st_ino, path)
            if first != path:
                entry = _entry(path, header.HARD_LINK, info)
                entry.linkname = first
                self._put(format_entry(entry))
                return
        self.inodes += 1
        entry = _entry(path, _KINDS[kind], info)
        if kind == stat.S_IFLNK:
            entry.linkname = os.readlink(name, dir_fd=fd)
        elif kind != stat.S_IFIFO:
            entry.devmajor, entry.devminor = os.major(info.st_rdev), os.minor(info.st_rdev)
        entry.xattrs = get_xattrs(f"/proc/self/fd/{fd}/{name}")
        self._put(format_entry(entry))

    def _whiteout(self, path: str, info: os.stat_result) -> None:
        """Without the time of the deletion, so that the same deletion gives the same bytes."""
        self._put(format_entry(Entry(path, header.REGULAR, mode=0)))

    def _put(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= _PIECE:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._hash.update(data)
        self.size_bytes += len(data)
        if self._write is not None:
            self._write(data)

    def finish(self) -> Packed:
        """Two blocks of zeros end the archive."""
        self._put(ZERO_BLOCK * 2)
        self._flush()
        diff_id = DiffId(f"sha256:{self._hash.hexdigest()}")
        return Packed(diff_id, self.size_bytes, self.content_bytes, self.inodes)


_KINDS = {
    stat.S_IFLNK: header.SYMLINK,
    stat.S_IFCHR: header.CHARACTER,
    stat.S_IFBLK: header.BLOCK_DEVICE,
    stat.S_IFIFO: header.FIFO,
}


def _entry(path: str, kind: bytes, info: os.stat_result) -> Entry:
    seconds_ns = info.st_mtime_ns - info.st_mtime_ns % _SECOND_NS
    return Entry(path, kind, info.st_mode & 0o7777, info.st_uid, info.st_gid, mtime_ns=seconds_ns)


def _directory_xattrs(fd: int) -> tuple[dict[str, bytes], bool]:
    """Attributes but for overlayfs's own, and whether the directory is opaque."""
    names = os.listxattr(fd)
    if not names:
        return {}, False
    opaque = OPAQUE in names and os.getxattr(fd, OPAQUE) == b"y"
    return get_xattrs(fd), opaque
