"""A folder as a tree: a context's directory by its descriptor, or a stage's root file system.

Everything is found below the descriptor, one name at a time and never through a link. A file's content is read when it
is needed and its stat data are not those that were seen with a digest before: `Known` remembers them by path.

What was written less than an instant before it was read is not remembered: its stat data would not tell of another
write in the same tick of the kernel's clock.
"""

import contextlib
import hashlib
import os
import stat
import time
from dataclasses import dataclass, field

from gorae.build.tree import Node
from gorae.errors import Conflict, KernelError
from gorae.linux import fd as fds
from gorae.store.archive.member import get_xattrs

TICK_NS = 50_000_000
PIECE = 1 << 20
ATTEMPTS = 3
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_NO_LINKS = fds.RESOLVE_BENEATH | fds.RESOLVE_NO_SYMLINKS
Stamp = tuple[int, ...]
"""(size, mtime_ns, ctime_ns, inode, device)."""


@dataclass(slots=True)
class Known:
    """Digests by path with the stamp that they were read at; `read` counts the files whose content was read."""

    files: dict[str, tuple[Stamp, bytes]] = field(default_factory=dict)
    read: int = 0
    changed: bool = False

    def find(self, path: str, stamp: Stamp) -> bytes:
        """The digest of a file that looks as it did; empty when it is not known."""
        found = self.files.get(path)
        return found[1] if found is not None and found[0] == stamp else b""

    def learn(self, path: str, stamp: Stamp, digest: bytes, read_ns: int) -> None:
        """Remember, unless the file is so fresh that its stamp proves nothing."""
        self.read += 1
        if read_ns - max(stamp[1], stamp[2]) > TICK_NS:
            self.files[path] = (stamp, digest)
            self.changed = True


class Folder:
    """The tree below a directory's descriptor, which stays the caller's.

    `as_root`: owners count as root's, as docker sends a context.
    """

    def __init__(self, fd: int, known: Known | None = None, *, as_root: bool = False) -> None:
        self._fd = fd
        self._as_root = as_root
        self.known = known if known is not None else Known()
        self._children: dict[str, list[Node]] = {}

    def lstat(self, path: str) -> Node | None:
        """See Tree."""
        parent, _, name = path.rpartition("/")
        if not name:
            return self._node("", os.fstat(self._fd), "")
        try:
            with self._directory(parent) as fd:
                info = os.stat(name, dir_fd=fd, follow_symlinks=False)
                link = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(info.st_mode) else ""
        except (FileNotFoundError, NotADirectoryError):
            return None
        except KernelError as error:
            if error.errno in _ABSENT:
                return None
            raise
        return self._node(path, info, link)

    def children(self, path: str) -> list[Node]:
        """See Tree; what vanishes meanwhile is left out."""
        found = self._children.get(path)
        if found is None:
            found = self._children[path] = self._listed(path)
        return found

    def _listed(self, path: str) -> list[Node]:
        stem = f"{path}/" if path else ""
        found = []
        with self._directory(path) as fd:
            for entry in os.scandir(fd):
                try:
                    info = entry.stat(follow_symlinks=False)
                    link = os.readlink(entry.name, dir_fd=fd) if entry.is_symlink() else ""
                except FileNotFoundError:
                    continue
                found.append(self._node(stem + entry.name, info, link))
        found.sort(key=_by_path)
        return found

    def _node(self, path: str, info: os.stat_result, link: str) -> Node:
        stamp = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev)
        return Node(
            path,
            info.st_mode,
            0 if self._as_root else info.st_uid,
            0 if self._as_root else info.st_gid,
            info.st_size,
            info.st_mtime_ns,
            link,
            info.st_rdev,
            b"",
            info.st_ino,
            stamp,
            info.st_nlink,
        )

    @contextlib.contextmanager
    def _directory(self, path: str):  # type: ignore[no-untyped-def]
        fd = fds.openat2(self._fd, path or ".", _DIRECTORY, resolve=_NO_LINKS)
        try:
            yield fd
        finally:
            os.close(fd)

    def digest(self, node: Node) -> bytes:
        """See Tree. A file that changes while it is read is read again, a few times.

        Raises:
            Conflict: it keeps changing, or is gone.
        """
        if not node.digest:
            node.digest = self.known.find(node.path, node.stamp) or self._read(node)
        return node.digest

    def _read(self, node: Node) -> bytes:
        for _ in range(ATTEMPTS):
            now_ns = time.time_ns()
            fd = self._open(node)
            try:
                before = os.fstat(fd)
                digest = content_digest(fd)
                after = os.fstat(fd)
            finally:
                os.close(fd)
            stamp = stamp_of(after)
            if stamp == stamp_of(before):
                node.stamp, node.size, node.mtime_ns = stamp, after.st_size, after.st_mtime_ns
                node.mode = after.st_mode
                self.known.learn(node.path, stamp, digest, now_ns)
                return digest
        raise Conflict(f'the file "{node.path[:255]}" changed while it was read: build again')

    def _open(self, node: Node) -> int:
        try:
            fd = fds.openat2(self._fd, node.path, _FILE, resolve=_NO_LINKS)
        except KernelError as error:
            if error.errno in _ABSENT:
                raise Conflict(
                    f'the file "{node.path[:255]}" vanished while the context was read: build again'
                ) from None
            raise
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Conflict(
                f'the file "{node.path[:255]}" became something else while it was read: build again'
            )
        return fd

    def open(self, node: Node) -> tuple[int, int]:
        """See Tree."""
        return self._open(node), 0

    def unchanged(self, node: Node, fd: int) -> bool:
        """See Tree. Where the stamp proves nothing the content is compared."""
        if stamp_of(os.fstat(fd)) != node.stamp:
            return False
        if time.time_ns() - max(node.stamp[1], node.stamp[2]) > TICK_NS or not node.digest:
            return True
        return content_digest(fd) == node.digest

    def xattrs(self, node: Node, fd: int | None) -> dict[str, bytes]:
        """See Tree."""
        return get_xattrs(fd) if fd is not None else {}


_ABSENT = frozenset((2, 20, 40, 18))  # ENOENT, ENOTDIR, ELOOP, EXDEV


def _by_path(node: Node) -> bytes:
    return os.fsencode(node.path)


def stamp_of(info: os.stat_result) -> Stamp:
    """What tells that a file changed."""
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev)


def content_digest(fd: int) -> bytes:
    """Raw SHA-256 of an open file from its beginning."""
    found = hashlib.sha256()
    offset = 0
    while piece := os.pread(fd, PIECE, offset):
        found.update(piece)
        offset += len(piece)
    return found.digest()
