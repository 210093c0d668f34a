"""The directories that an archive's members go to: found below the root, made where they are missing, kept open."""

import errno
import os
import stat

from gorae.errors import KernelError
from gorae.linux import fd as fds
from gorae.store.archive.member import get_xattrs, set_xattrs
from gorae.store.archive.stack import (
    DIRECTORY_FLAGS,
    OPAQUE,
    Merged,
    is_opaque,
    is_whiteout,
    lstat,
)

MAX_OPEN = 512
MAX_LINKS = 40


class Parents:
    """Descriptors of directories below `root_fd`, which may stand over the layers `below`."""

    def __init__(self, root_fd: int, below: Merged) -> None:
        self._root_fd = root_fd
        self._below = below
        self._open: dict[str, int] = {"": os.dup(root_fd)}

    def open(self, path: str) -> int:
        """The directory of a clean path; good until the next call. Links are followed below the root.

        Raises:
            KernelError: something that is no directory is in the way. OSError.
        """
        found = self._open.get(path)
        if found is not None:
            return found
        if len(self._open) >= MAX_OPEN:
            self._forget_oldest()
        try:
            fd = fds.openat2(self._root_fd, path, os.O_RDONLY | os.O_DIRECTORY)
        except KernelError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            fd = self._make(path)
        self._open[path] = fd
        return fd

    def _forget_oldest(self) -> None:
        """Close half of them: what an archive returns to it opened last."""
        for path in [one for one in self._open if one][: MAX_OPEN // 2]:
            os.close(self._open.pop(path))

    def forget(self) -> None:
        """Close all but the root: something was removed."""
        for path in [one for one in self._open if one]:
            os.close(self._open.pop(path))

    def close(self) -> None:
        """Close all."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _make(self, path: str) -> int:
        """Go down part by part, as the kernel would in the overlay, and make what is missing."""
        walk = _Walk(self._root_fd, self._below)
        ahead = path.split("/")[::-1]
        links = 0
        try:
            while ahead:
                link = walk.step(ahead.pop())
                if link is not None:
                    links += 1
                    if links > MAX_LINKS:
                        raise KernelError("openat2", errno.ELOOP, path)
                    ahead += link.split("/")[::-1]
            return os.dup(walk.fd)
        finally:
            walk.close()


class _Walk:
    """A place in the tree: the directory, its parents, and the same in the layers below."""

    def __init__(self, root_fd: int, below: Merged) -> None:
        self._trail: list[tuple[int, Merged]] = [(root_fd, below)]

    @property
    def fd(self) -> int:
        """The directory."""
        return self._trail[-1][0]

    def _leave(self) -> None:
        fd, below = self._trail.pop()
        os.close(fd)
        below.close()

    def close(self) -> None:
        """Close what was opened here; the root is the caller's."""
        while len(self._trail) > 1:
            self._leave()

    def step(self, name: str) -> str | None:
        """Enter `name`, made if it is missing; a link's target instead, which is to be walked from here."""
        if name in ("", "."):
            return None
        if name == "..":
            if len(self._trail) > 1:
                self._leave()
            return None
        fd, below = self._trail[-1]
        info = lstat(fd, name)
        if info is None:
            found = below.find(name)
            if found is not None and stat.S_ISLNK(found[1].st_mode):
                return self._follow(os.readlink(name, dir_fd=found[0]))
            self._make(fd, name, found)
        elif stat.S_ISLNK(info.st_mode):
            return self._follow(os.readlink(name, dir_fd=fd))
        elif is_whiteout(info):
            self._replace_whiteout(fd, name)
        self._enter(fd, name, below)
        return None

    def _follow(self, target: str) -> str:
        if target.startswith("/"):
            self.close()
        return target

    def _enter(self, fd: int, name: str, below: Merged) -> None:
        try:
            inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
        except NotADirectoryError:
            raise KernelError("openat2", errno.ENOTDIR, name) from None
        self._trail.append((inner, Merged([]) if is_opaque(inner) else below.enter(name)))

    def _replace_whiteout(self, fd: int, name: str) -> None:
        os.unlink(name, dir_fd=fd)
        os.mkdir(name, 0o755, dir_fd=fd)
        inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
        os.setxattr(inner, OPAQUE, b"y")
        os.close(inner)

    def _make(self, fd: int, name: str, found: tuple[int, os.stat_result] | None) -> None:
        """As the layers below have it, else root's with mode 0755."""
        if found is None:
            os.mkdir(name, 0o755, dir_fd=fd)
            return
        lower_fd, info = found
        if not stat.S_ISDIR(info.st_mode):
            raise KernelError("openat2", errno.ENOTDIR, name)
        os.mkdir(name, 0o700, dir_fd=fd)
        inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
        source = os.open(name, DIRECTORY_FLAGS, dir_fd=lower_fd)
        try:
            os.fchown(inner, info.st_uid, info.st_gid)
            set_xattrs(get_xattrs(source), inner)
            os.fchmod(inner, stat.S_IMODE(info.st_mode))
            os.utime(inner, ns=(info.st_atime_ns, info.st_mtime_ns))
        finally:
            os.close(inner)
            os.close(source)
