"""mount(2), umount2(2) and the newer calls by descriptor, under the kernel's names.

`Mount` is a mount as data: planned in one place, performed in another.
"""

import ctypes
import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass

from gorae.errors import KernelError
from gorae.linux.syscall import check, libc

EINVAL = errno.EINVAL

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_NOATIME = 0x400
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000
MNT_DETACH = 0x2

SYS_OPEN_TREE = 428
SYS_MOVE_MOUNT = 429
SYS_FSOPEN = 430
SYS_FSCONFIG = 431
SYS_FSMOUNT = 432
SYS_MOUNT_SETATTR = 442
OPEN_TREE_CLONE = 0x1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 0x4
FSOPEN_CLOEXEC = 0x1
FSMOUNT_CLOEXEC = 0x1
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

_FLAGS = {
    "ro": MS_RDONLY,
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "noatime": MS_NOATIME,
    "bind": MS_BIND,
    "rbind": MS_BIND | MS_REC,
}
_ATTRIBUTES = {
    "ro": MOUNT_ATTR_RDONLY,
    "nosuid": MOUNT_ATTR_NOSUID,
    "nodev": MOUNT_ATTR_NODEV,
    "noexec": MOUNT_ATTR_NOEXEC,
}


@dataclass(frozen=True, slots=True)
class Mount:
    """What to mount: file system type (`overlay`, `bind`, `tmpfs`), source, options as fstab words.

    Of an overlay, `lowerdir+=DIR` may stand several times, top first. `target` is below the mount point that
    the one who mounts chooses; empty is that point itself.
    """

    type: str
    source: str
    options: tuple[str, ...] = ()
    target: str = ""

    def describe(self) -> str:
        """One line for people."""
        return f"mount -t {self.type} -o {','.join(self.options)} {self.source} {self.target or '.'}"


def mount(source: str, target: str, fstype: str, flags: int, data: str = "") -> None:
    """mount(2). Raises: KernelError."""
    result = libc.mount(
        os.fsencode(source), os.fsencode(target), fstype.encode(), ctypes.c_ulong(flags),
        data.encode() or None,
    )
    check(result, "mount", target)


def umount2(target: str, flags: int) -> None:
    """umount2(2). Raises: KernelError."""
    check(libc.umount2(os.fsencode(target), flags), "umount2", target)


def fsopen(fstype: str) -> int:
    """fsopen(2): a new file system context. Raises: KernelError."""
    return check(libc.syscall(SYS_FSOPEN, fstype.encode(), FSOPEN_CLOEXEC), "fsopen", fstype)


def fsconfig_set_string(fs_fd: int, key: str, value: str) -> None:
    """fsconfig(2) with FSCONFIG_SET_STRING. Raises: KernelError."""
    result = libc.syscall(
        SYS_FSCONFIG, fs_fd, FSCONFIG_SET_STRING, key.encode(), os.fsencode(value), 0
    )
    check(result, "fsconfig", f"{key}={value}")


def fsconfig_set_flag(fs_fd: int, key: str) -> None:
    """fsconfig(2) with FSCONFIG_SET_FLAG. Raises: KernelError."""
    check(libc.syscall(SYS_FSCONFIG, fs_fd, FSCONFIG_SET_FLAG, key.encode(), None, 0), "fsconfig", key)


def fsconfig_create(fs_fd: int) -> None:
    """fsconfig(2) with FSCONFIG_CMD_CREATE. Raises: KernelError."""
    check(libc.syscall(SYS_FSCONFIG, fs_fd, FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig", "create")


def fsmount(fs_fd: int, attributes: int) -> int:
    """fsmount(2): a detached mount of the context. Raises: KernelError."""
    return check(libc.syscall(SYS_FSMOUNT, fs_fd, FSMOUNT_CLOEXEC, attributes), "fsmount")


def move_mount(from_fd: int, to_path: str) -> None:
    """move_mount(2) of a detached mount to a path. Raises: KernelError."""
    result = libc.syscall(
        SYS_MOVE_MOUNT, from_fd, b"", AT_FDCWD, os.fsencode(to_path), MOVE_MOUNT_F_EMPTY_PATH
    )
    check(result, "move_mount", to_path)


def open_tree(path: str, flags: int) -> int:
    """open_tree(2). Raises: KernelError."""
    result = libc.syscall(SYS_OPEN_TREE, AT_FDCWD, os.fsencode(path), flags | OPEN_TREE_CLOEXEC)
    return check(result, "open_tree", path)


def mount_all(mounts: Iterable[Mount], target: str) -> None:
    """Perform mounts at `target`, in order; what was mounted is undone when a later one fails.

    Raises:
        KernelError: the mount that failed.
    """
    done: list[str] = []
    try:
        for one in mounts:
            where = f"{target}/{one.target}" if one.target else target
            _perform(one, where)
            done.append(where)
    except KernelError:
        for where in reversed(done):
            umount2(where, MNT_DETACH)
        raise


def _perform(one: Mount, where: str) -> None:
    if one.type == "overlay":
        _mount_by_context(one, where)
        return
    flags, data = 0, []
    for word in one.options:
        if word in _FLAGS:
            flags |= _FLAGS[word]
        elif word != "rw":
            data.append(word)
    if one.type == "bind":
        flags |= MS_BIND
    mount(one.source, where, "" if one.type == "bind" else one.type, flags, ",".join(data))
    if one.type == "bind" and flags & MS_RDONLY:  # a bind takes its flags by a remount only
        mount("", where, "", MS_REMOUNT | MS_BIND | flags & ~MS_REC)


def _mount_by_context(one: Mount, where: str) -> None:
    """fsopen(2) and friends, which take any number of layers; mount(2) stops at one page of options."""
    fs_fd = fsopen(one.type)
    try:
        fsconfig_set_string(fs_fd, "source", one.source)
        attributes = 0
        for word in _overlay_options(one.options, fs_fd):
            if word in _ATTRIBUTES:
                attributes |= _ATTRIBUTES[word]
        fsconfig_create(fs_fd)
        mount_fd = fsmount(fs_fd, attributes)
    finally:
        os.close(fs_fd)
    try:
        move_mount(mount_fd, where)
    finally:
        os.close(mount_fd)


def _overlay_options(options: Iterable[str], fs_fd: int) -> list[str]:
    """Set keyed options on the context, give the plain words back.

    A kernel before 6.8 knows no `lowerdir+`: there the layers go as one `lowerdir`.
    """
    words, lowers = [], []
    for word in options:
        key, equals, value = word.partition("=")
        if key == "lowerdir+":
            lowers.append(value)
        elif equals:
            fsconfig_set_string(fs_fd, key, value)
        else:
            words.append(word)
    try:
        for number, lower in enumerate(lowers):
            fsconfig_set_string(fs_fd, "lowerdir+", lower)
    except KernelError as error:
        if error.errno != errno.EINVAL or number:
            raise
        fsconfig_set_string(fs_fd, "lowerdir", ":".join(lowers))
    return words
