"""Mount points that a run leaves in the file system, taken out again, so that no layer has them.

Before the run `missing` tells which parts of each target are not there; afterwards `remove` takes those away that are
still empty, from the step's own directory, and the parents that were only opened for them.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from gorae.errors import KernelError
from gorae.linux import fd as fds
from gorae.store.archive.stack import is_opaque

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = fds.RESOLVE_BENEATH | fds.RESOLVE_NO_SYMLINKS


STANDARD = ("dev", "proc", "sys")
"""What every container has mounted; these stay in the file system, as BuildKit leaves them."""


def make_standard(root_fd: int) -> None:
    """The standard mount points where they are missing: runtimes give them modes of their own."""
    for name in STANDARD:
        if not _exists(root_fd, name):
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=root_fd)


def missing(root_fd: int, targets: Iterable[str]) -> list[str]:
    """Paths relative to the root that mounts will make: targets and their parents, shallow ones first."""
    found: dict[str, None] = {}
    for target in targets:
        parts = [part for part in target.split("/") if part]
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            if path in found or not _exists(root_fd, path):
                found[path] = None
    return list(found)


def _exists(root_fd: int, path: str) -> bool:
    try:
        os.close(fds.openat2(root_fd, path, os.O_PATH | os.O_NOFOLLOW))
    except KernelError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return False
        raise
    return True


def remove(upper: Path, paths: Iterable[str]) -> None:
    """Take empty mount points out of the step's own directory, deepest first."""
    top = os.open(upper, _DIRECTORY)
    try:
        for path in sorted(paths, key=lambda one: -one.count("/")):
            parent, _, name = path.rpartition("/")
            with contextlib.suppress(KernelError):
                fd = fds.openat2(top, parent or ".", _DIRECTORY, resolve=_NO_LINKS)
                try:
                    _remove_empty(fd, name)
                finally:
                    os.close(fd)
    finally:
        os.close(top)


def _remove_empty(fd: int, name: str) -> None:
    with contextlib.suppress(OSError):
        info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            os.rmdir(name, dir_fd=fd)
        elif stat.S_ISREG(info.st_mode) and info.st_size == 0:
            os.unlink(name, dir_fd=fd)


def drop_opened(upper: Path, lowers: Iterable[Path], paths: Iterable[str]) -> None:
    """Parents that the run only opened to mount in: empty now, and otherwise as the layers below have them."""
    below = list(lowers)
    parents = {one.rpartition("/")[0] for one in paths} - {""}
    for path in sorted(parents, key=lambda one: -one.count("/")):
        looks = next((found for one in below if (found := _looks(one, path))), None)
        if looks is not None and _looks(upper, path, empty=True) == looks:
            remove(upper, [path])


def _looks(top: Path, path: str, *, empty: bool = False) -> tuple[int, int, int] | None:
    """Mode and owner of a directory below `top`; None when there is none (or it is not `empty`, or opaque)."""
    top_fd = os.open(top, _DIRECTORY)
    try:
        fd = fds.openat2(top_fd, path, _DIRECTORY, resolve=_NO_LINKS)
    except KernelError:
        return None
    finally:
        os.close(top_fd)
    try:
        if empty and (os.listdir(fd) or is_opaque(fd)):
            return None
        info = os.fstat(fd)
        return info.st_mode, info.st_uid, info.st_gid
    finally:
        os.close(fd)
