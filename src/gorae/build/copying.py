"""Files of a tree written into a mounted root file system, as COPY and ADD do.

The destination is a stranger's: every directory of it is found by openat2 below the root, links followed there and
nowhere else, and what is made is made by its directory's descriptor. Owner, mode, attributes and times follow the
content. A file takes the place of a file; it never takes that of a directory, nor the reverse.
Source: Dockerfile reference, COPY; the behaviour is BuildKit's, pinned by tests/oracle.
"""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from gorae.build.chmod import Change
from gorae.build.selection import Taken
from gorae.build.tree import Node, Tree
from gorae.errors import Conflict, InvalidArgument, KernelError
from gorae.linux import fd as fds
from gorae.store.archive.member import CREATE_FLAGS, set_xattrs
from gorae.store.ingest import disk_error

PIECE = 1 << 20
SMALL = 128 << 10
MAX_LINKS = 40
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(slots=True)
class Writer:
    """Writes below `root_fd`. `owner`: of all that is made, None keeps the source's; `change`: of the modes.

    `time_ns`: of all that is made, None keeps the source's. `check`: called between files, raises when the build
    is to stop.
    """

    root_fd: int
    owner: tuple[int, int] | None = None
    change: Change | None = None
    time_ns: int | None = None
    check: Callable[[], None] = lambda: None
    _open: dict[str, int] = field(default_factory=dict)
    _linked: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    def close(self) -> None:
        """Close what is kept open."""
        while self._open:
            os.close(self._open.popitem()[1])

    def copy(self, tree: Tree, taken: Taken, dest: str) -> None:
        """One source to a destination, which ends in `/` when it is to be a directory.

        Raises:
            InvalidArgument: a directory is in a file's way, or the reverse. Conflict: the source changed.
            Unavailable: the disk is full.
        """
        try:
            self._copy(tree, taken, dest)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
                raise disk_error(error) from error
            raise InvalidArgument(
                f'cannot copy to "{dest}": {(error.strerror or str(error)).lower()}'
            ) from error
        except KernelError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise disk_error(OSError(error.errno, "")) from error
            raise InvalidArgument(
                f'cannot copy to "{dest}": {os.strerror(error.errno).lower()}'
            ) from error

    def _copy(self, tree: Tree, taken: Taken, dest: str) -> None:
        if taken.parents or "/" in taken.name:
            dest = self._make_parents(tree, taken, dest)
        if taken.top.is_dir:
            self.make_dirs(dest)
            self._copy_below(tree, taken, dest.rstrip("/"))
            return
        if dest.endswith("/"):
            self.make_dirs(dest)
        if dest.endswith(("/", "/.")) or self._is_dir(dest):
            dest = f"{dest.rstrip('/')}/{taken.name}"
        else:
            dest = self._through_links(dest)
        parent, _, name = dest.rstrip("/").rpartition("/")
        self.make_dirs(parent)
        self._put(tree, taken.top, parent, name)

    def _through_links(self, dest: str) -> str:
        """Where a destination that is a link leads, be something there or not."""
        for _ in range(MAX_LINKS):
            parent, _, name = dest.rstrip("/").rpartition("/")
            try:
                target = os.readlink(name, dir_fd=self.directory(parent))
            except (KernelError, OSError):
                return dest
            dest = target if target.startswith("/") else f"{parent}/{target}"
        raise InvalidArgument(f'cannot copy to "{dest}": too many levels of symbolic links')

    def _make_parents(self, tree: Tree, taken: Taken, dest: str) -> str:
        base = dest.rstrip("/")
        self.make_dirs(base)
        for path, node in taken.parents:
            self._put_folder(tree, node, *_split(f"{base}/{path}"))
        if taken.top.is_dir:
            return f"{base}/{taken.name}" if taken.name else base
        above = taken.name.rpartition("/")[0]
        taken.name = taken.name.rpartition("/")[2]
        return f"{base}/{above}/" if above else f"{base}/"

    def _copy_below(self, tree: Tree, taken: Taken, base: str) -> None:
        folders: list[tuple[str, Node]] = []
        for rel, node in taken.nodes:
            self.check()
            parent, name = _split(f"{base}/{rel}")
            if node.is_dir:
                self._put_folder(tree, node, parent, name)
                folders.append((f"{parent}/{name}", node))
            else:
                self._put(tree, node, parent, name)
        for path, node in reversed(folders):  # making their members changed them
            self._set_time(self.directory(path), node)

    # places -----------------------------------------------------------------------------------

    def directory(self, path: str) -> int:
        """A directory's descriptor, good until `close`; links are followed below the root."""
        found = self._open.get(path)
        if found is None:
            if len(self._open) >= 256:
                self.close()
            found = self._open[path] = fds.openat2(self.root_fd, path or ".", _DIRECTORY)
        return found

    def _is_dir(self, path: str) -> bool:
        try:
            self.directory(path)
        except KernelError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return False
            raise
        return True

    def make_dirs(self, path: str) -> None:
        """A directory and its parents, where they are missing: of the owner asked for or root, mode 0755 or the octal one."""
        try:
            self.directory(path.rstrip("/"))
            return
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
        parent, name = _split(path.rstrip("/"))
        self.make_dirs(parent)
        parent_fd = self.directory(parent)
        try:
            os.mkdir(name, 0o755, dir_fd=parent_fd)
        except FileExistsError:  # a link that leads nowhere: made where it leads
            self._make_link_target(parent_fd, parent, name)
            return
        fd = self.directory(path.rstrip("/"))
        if self.owner is not None:
            os.fchown(fd, *self.owner)
        octal = None if self.change is None else self.change.octal
        os.fchmod(fd, 0o755 if octal is None else octal)
        if self.time_ns is not None:
            os.utime(fd, ns=(self.time_ns, self.time_ns))

    def _make_link_target(self, parent_fd: int, parent: str, name: str) -> None:
        target = os.readlink(name, dir_fd=parent_fd)
        self.make_dirs(target if target.startswith("/") else f"{parent}/{target}")

    # files ------------------------------------------------------------------------------------

    def _put_folder(self, tree: Tree, node: Node, parent: str, name: str) -> None:
        """A directory of the source; one that is there gets its looks."""
        parent_fd = self.directory(parent)
        try:
            os.mkdir(name, 0o700, dir_fd=parent_fd)
        except FileExistsError:
            info = os.stat(name, dir_fd=parent_fd, follow_symlinks=False)
            if not stat.S_ISDIR(info.st_mode):
                raise InvalidArgument(f"cannot copy to non-directory: {parent}/{name}") from None
        self._dress(tree, node, self.directory(f"{parent}/{name}"))

    def _put(self, tree: Tree, node: Node, parent: str, name: str) -> None:
        parent_fd = self.directory(parent)
        try:
            self._make(tree, node, parent_fd, parent, name)
        except FileExistsError:
            try:
                os.unlink(name, dir_fd=parent_fd)
            except IsADirectoryError:
                raise InvalidArgument(
                    f"cannot replace to directory {parent}/{name} with file"
                ) from None
            self._make(tree, node, parent_fd, parent, name)

    def _make(self, tree: Tree, node: Node, parent_fd: int, parent: str, name: str) -> None:
        kind = stat.S_IFMT(node.mode)
        if node.links > 1 and self._link(node, parent_fd, name):
            return
        if kind == stat.S_IFREG:
            self._make_file(tree, node, parent_fd, name)
        elif kind == stat.S_IFLNK:
            os.symlink(node.link, name, dir_fd=parent_fd)
            self._dress_by_name(node, parent_fd, name)
        else:
            os.mknod(name, kind | 0o600, node.rdev, dir_fd=parent_fd)
            self._dress_by_name(node, parent_fd, name)
            os.chmod(name, self._mode(node), dir_fd=parent_fd)
        if node.links > 1:
            self._linked[_identity(node)] = (parent, name)

    def _link(self, node: Node, parent_fd: int, name: str) -> bool:
        first = self._linked.get(_identity(node))
        if first is None:
            return False
        source_fd = self.directory(first[0])
        os.link(first[1], name, src_dir_fd=source_fd, dst_dir_fd=parent_fd, follow_symlinks=False)
        return True

    def _make_file(self, tree: Tree, node: Node, parent_fd: int, name: str) -> None:
        source, offset = tree.open(node)
        try:
            target = os.open(name, CREATE_FLAGS, 0o600, dir_fd=parent_fd)
            try:
                _transfer(source, offset, target, node)
                if not tree.unchanged(node, source):
                    raise Conflict(
                        f'the file "{node.path[:255]}" changed while it was read: build again'
                    )
                self._dress(tree, node, target, source)
                self._set_time(target, node)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _mode(self, node: Node) -> int:
        mode = node.mode & 0o7777
        return mode if self.change is None else self.change.apply(mode, is_dir=node.is_dir)

    def _dress(self, tree: Tree, node: Node, fd: int, source: int | None = None) -> None:
        owner = self.owner or (node.uid, node.gid)
        os.fchown(fd, *owner)
        xattrs = tree.xattrs(node, source)
        if xattrs:
            set_xattrs(xattrs, fd)
        os.fchmod(fd, self._mode(node))

    def _dress_by_name(self, node: Node, parent_fd: int, name: str) -> None:
        owner = self.owner or (node.uid, node.gid)
        os.chown(name, *owner, dir_fd=parent_fd, follow_symlinks=False)
        time_ns = node.mtime_ns if self.time_ns is None else self.time_ns
        os.utime(name, ns=(time_ns, time_ns), dir_fd=parent_fd, follow_symlinks=False)

    def _set_time(self, fd: int, node: Node) -> None:
        time_ns = node.mtime_ns if self.time_ns is None else self.time_ns
        os.utime(fd, ns=(time_ns, time_ns))

    def write(self, dest: str, data: bytes, mode: int, *, time_ns: int) -> None:
        """A file of these bytes: a heredoc, something downloaded. Raises: as `copy`."""
        node = Node("", stat.S_IFREG | mode, size=len(data), mtime_ns=time_ns)
        self.copy(_Bytes(data), Taken(node, dest.rpartition("/")[2], [("", node)]), dest)


class _Bytes:
    """A tree of one file, in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def lstat(self, path: str) -> Node | None:
        return None

    def children(self, path: str) -> list[Node]:
        return []

    def digest(self, node: Node) -> bytes:
        return b""

    def open(self, node: Node) -> tuple[int, int]:
        fd = os.memfd_create("gorae-build", os.MFD_CLOEXEC)
        view = memoryview(self._data)
        while view:
            view = view[os.write(fd, view) :]
        return fd, 0

    def unchanged(self, node: Node, fd: int) -> bool:
        return True

    def xattrs(self, node: Node, fd: int | None) -> dict[str, bytes]:
        return {}


def _identity(node: Node) -> tuple[int, int]:
    return (node.stamp[4] if node.stamp else -1, node.place)


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent, name


def _transfer(source: int, offset: int, target: int, node: Node) -> None:
    """`node.size` bytes; the kernel moves them where it can."""
    left = node.size
    if left <= SMALL:
        while left:
            piece = os.pread(source, left, offset)
            if not piece:
                raise _shorter(node)
            view = memoryview(piece)
            while view:
                view = view[os.write(target, view) :]
            offset += len(piece)
            left -= len(piece)
        return
    copy: Callable[[int, int, int, int], int] = _by_range
    while left:
        try:
            count = copy(source, target, left, offset)
        except OSError as error:
            if error.errno not in _CANNOT or copy is _by_sendfile:
                raise
            copy = _by_sendfile
            continue
        if not count:
            raise _shorter(node)
        offset += count
        left -= count


_CANNOT = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF)


def _by_range(source: int, target: int, count: int, offset: int) -> int:
    return os.copy_file_range(source, target, count, offset_src=offset)


def _by_sendfile(source: int, target: int, count: int, offset: int) -> int:
    return os.sendfile(target, source, offset, min(count, 1 << 30))


def _shorter(node: Node) -> Conflict:
    return Conflict(f'the file "{node.path[:255]}" became shorter while it was read: build again')
