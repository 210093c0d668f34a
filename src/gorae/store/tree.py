"""Trees of files on disk: removed, measured, copied. What a stranger made in them does no harm.

Everything goes by directories' descriptors and names that are not followed. Neither depth nor width of a tree
overflows a stack: what lies deep is first moved up. Nothing is ever removed through a mount point: a host's folder that
is mounted in a doomed tree keeps all it has, and the removal fails.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import KernelError
from gorae.linux import fd as fds

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_DEPTH = 400
"""Deeper directories are not measured or packed; what is removed is removed at any depth."""
_REMOVED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Measure:
    """Bytes of regular files, hard links once, and the number of inodes below the top."""

    size_bytes: int
    inodes: int


def at_once() -> None:
    """Removals that wait for nobody."""


def remove(path: Path, pace: Callable[[], None] = at_once) -> None:
    """As `remove_tree`, by path. The last name is not followed. Raises: OSError: as there."""
    try:
        dir_fd = os.open(path.parent, DIRECTORY_FLAGS & ~os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        remove_tree(dir_fd, path.name, pace)
    finally:
        os.close(dir_fd)


def discard(path: Path) -> bool:
    """Remove what can be removed; whether all of it is gone. What is left is garbage that is found again."""
    try:
        remove(path)
    except OSError:
        return False
    return True


def remove_tree(dir_fd: int, name: str, pace: Callable[[], None] = at_once) -> None:
    """Remove a file or a directory with all below; links are removed, never followed; found gone is fine.

    `pace` is called before each file, and may wait.

    Raises:
        OSError: something could not be removed; EXDEV: something is mounted in it.
    """
    top = _open_inside(dir_fd, name)
    if top is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=dir_fd)
        return
    try:
        while not _empty(top, top, 0, pace):
            pass
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=dir_fd)


def _empty(fd: int, top: int, depth: int, pace: Callable[[], None]) -> bool:
    """Remove what a directory holds; False when something was moved up to the top, to be done in another round."""
    done = True
    for name in os.listdir(fd):
        pace()
        try:
            os.unlink(name, dir_fd=fd)
            continue
        except FileNotFoundError:
            continue
        except (IsADirectoryError, PermissionError):
            pass
        if depth >= _REMOVED_AT_ONCE:
            os.rename(name, f".removed-{secrets.token_hex(8)}", src_dir_fd=fd, dst_dir_fd=top)
            done = False
            continue
        inner = _open_inside(fd, name)
        if inner is None:
            continue
        try:
            done = _empty(inner, top, depth + 1, pace) and done
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=fd)
    return done


def _open_inside(dir_fd: int, name: str) -> int | None:
    """A directory of the same mount; None when it is no directory. Raises: OSError: EXDEV, it is a mount point."""
    try:
        return fds.openat2(
            dir_fd,
            name,
            os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
            resolve=fds.RESOLVE_NO_XDEV | fds.RESOLVE_NO_SYMLINKS,
        )
    except KernelError as error:
        if error.errno == errno.EXDEV:
            reason = "is a mount point: nothing behind it is removed; unmount it first"
            raise OSError(errno.EXDEV, reason, name) from None
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise OSError(error.errno, os.strerror(error.errno), name) from error


def walk(top: Path) -> Iterator[tuple[str, int, str, os.stat_result]]:
    """(path relative to the top, descriptor of its directory, name, lstat) of everything below, sorted by name.

    A directory comes before what it holds. What vanishes meanwhile is left out; so is what lies deeper than MAX_DEPTH.
    The descriptor is good until the next step.
    """
    root = os.open(top, DIRECTORY_FLAGS & ~os.O_NOFOLLOW)
    stack: list[tuple[int, str, Iterator[str]]] = [(root, "", _names(root))]
    try:
        while stack:
            fd, stem, names = stack[-1]
            name = next(names, None)
            if name is None:
                os.close(stack.pop()[0])
                continue
            try:
                info = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield f"{stem}{name}", fd, name, info
            if stat.S_ISDIR(info.st_mode) and len(stack) < MAX_DEPTH:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
                    stack.append((inner, f"{stem}{name}/", _names(inner)))
    finally:
        for fd, _, _ in stack:
            os.close(fd)


def _names(fd: int) -> Iterator[str]:
    """Sorted by their bytes."""
    return iter(sorted(os.listdir(fd), key=os.fsencode))


def sync(top: Path) -> None:
    """Bring a small tree to the disk: each file, then each directory, the top last. Raises: OSError."""
    directories = [""]
    for path, fd, name, info in walk(top):
        if stat.S_ISREG(info.st_mode):
            _fsync(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd))
        elif stat.S_ISDIR(info.st_mode):
            directories.append(path)
    root = os.open(top, DIRECTORY_FLAGS)
    try:
        for path in reversed(directories[1:]):
            _fsync(fds.openat2(root, path, os.O_RDONLY | os.O_DIRECTORY))
        os.fsync(root)
    finally:
        os.close(root)


def _fsync(fd: int) -> None:
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def measure(top: Path) -> Measure:
    """What the tree below `top` takes."""
    size = inodes = 0
    seen: set[int] = set()
    for _, _, _, info in walk(top):
        if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
            if info.st_ino in seen:
                continue
            seen.add(info.st_ino)
        inodes += 1
        if stat.S_ISREG(info.st_mode):
            size += info.st_size
    return Measure(size, inodes)
