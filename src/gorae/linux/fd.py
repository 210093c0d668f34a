"""openat2(2) and what stands on it: opening below a directory that a stranger filled.

A path from an image, an archive or a container is only ever opened through here, so that no link and no `..`
leads out of the given root.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from gorae.errors import KernelError
from gorae.linux.syscall import check, libc

SYS_OPENAT2 = 437
RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10


class _OpenHow(ctypes.Structure):
    """struct open_how, linux/openat2.h."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def openat2(
    dir_fd: int, path: str | bytes, flags: int, mode: int = 0, *, resolve: int = RESOLVE_IN_ROOT
) -> int:
    """openat2(2); the descriptor is close-on-exec.

    Magic links are always refused, so that /proc inside a root cannot lead out.

    Raises:
        KernelError: with errno ENOENT, ELOOP, ENOTDIR, EXDEV ...
    """
    how = _OpenHow(flags | os.O_CLOEXEC, mode, resolve | RESOLVE_NO_MAGICLINKS)
    name = os.fsencode(path) or b"."
    result = libc.syscall(
        SYS_OPENAT2, dir_fd, name, ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
    )
    return check(int(result), "openat2", os.fsdecode(name))


@contextmanager
def open_root(path: str) -> Iterator[int]:
    """A directory's O_PATH descriptor, for use as the root of `openat2`."""
    fd = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def read_in_root(root_fd: int, path: str, limit: int) -> bytes | None:
    """A regular file's first `limit` bytes, found below `root_fd`; None when there is no such file.

    Raises:
        KernelError: as openat2, but for a missing file.
    """
    try:
        fd = openat2(root_fd, path.lstrip("/"), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except KernelError as error:
        if error.not_found or error.errno == errno.ENOTDIR:
            return None
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    with open(fd, "rb") as file:
        return file.read(limit)
