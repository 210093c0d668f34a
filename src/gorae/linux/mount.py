"""mount(2), umount2(2) and the newer calls by descriptor, under the kernel's names.

`Mount` is a mount as data: planned in one place, performed in another.
"""

import contextlib
import ctypes
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gorae.errors import KernelError
from gorae.linux import fd as fds
from gorae.linux.syscall import check, libc

EINVAL = errno.EINVAL
NO_MOUNTS = fds.RESOLVE_NO_XDEV

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
MOVE_MOUNT_T_EMPTY_PATH = 0x40
FSOPEN_CLOEXEC = 0x1
FSMOUNT_CLOEXEC = 0x1
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
MOUNT_ATTR_IDMAP = 0x100000
MAX_FSCONFIG_BYTES = 255
"""A longer value is refused by fsconfig(2): strndup_user(value, 256) in fs/fsopen.c."""
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
        return (
            f"mount -t {self.type} -o {','.join(self.options)} {self.source} {self.target or '.'}"
        )


def mount(source: str, target: str, fstype: str, flags: int, data: str = "") -> None:
    """mount(2). Raises: KernelError."""
    result = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        fstype.encode(),
        ctypes.c_ulong(flags),
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


def fsconfig_create(fs_fd: int) -> None:
    """fsconfig(2) with FSCONFIG_CMD_CREATE. Raises: KernelError."""
    check(
        libc.syscall(SYS_FSCONFIG, fs_fd, FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig", "create"
    )


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


def clone_tree(fd: int, *, recursive: bool = True) -> int:
    """open_tree(2) with OPEN_TREE_CLONE: a detached bind mount of what is open. Raises: KernelError."""
    flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (AT_RECURSIVE if recursive else 0)
    return check(libc.syscall(SYS_OPEN_TREE, fd, b"", flags), "open_tree")


def attach_tree(from_fd: int, to_fd: int) -> None:
    """move_mount(2) of a detached mount onto what is open: no path is looked up. Raises: KernelError."""
    flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    check(libc.syscall(SYS_MOVE_MOUNT, from_fd, b"", to_fd, b"", flags), "move_mount")


class _MountAttr(ctypes.Structure):
    """struct mount_attr, linux/mount.h."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def mount_setattr(
    fd: int, attributes: int, *, userns_fd: int = 0, propagation: int = 0, recursive: bool = True
) -> None:
    """mount_setattr(2) of an open mount: `attributes` are set, none is cleared. Raises: KernelError."""
    attr = _MountAttr(attributes, 0, propagation, userns_fd)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    size = ctypes.c_size_t(ctypes.sizeof(attr))
    result = libc.syscall(SYS_MOUNT_SETATTR, fd, b"", flags, ctypes.byref(attr), size)
    check(result, "mount_setattr")


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2). Raises: KernelError."""
    check(libc.pivot_root(os.fsencode(new_root), os.fsencode(put_old)), "pivot_root", new_root)


def is_mount_point(path: str) -> bool:
    """Whether something is mounted at a path, bind mounts of the same disk included; a missing path is none."""
    parent, _, name = os.path.abspath(path).rpartition("/")
    try:
        parent_fd = os.open(parent or "/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fds.openat2(parent_fd, name, os.O_PATH | os.O_NOFOLLOW, resolve=NO_MOUNTS))
    except KernelError as error:
        return error.errno == errno.EXDEV
    finally:
        os.close(parent_fd)
    return False


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


@contextlib.contextmanager
def detached(one: Mount) -> Iterator[int]:
    """The root of a mount that is at no path, open; it goes with the descriptor, even when we are killed.

    Raises:
        KernelError.
    """
    mount_fd = _detached(one)
    try:
        root_fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=mount_fd)
    finally:
        os.close(mount_fd)
    try:
        yield root_fd
    finally:
        os.close(root_fd)


def _detached(one: Mount) -> int:
    if one.type == "overlay" and _fits_a_context(one):
        with contextlib.suppress(_OldKernel):
            return _mount_fd(one)
    target = tempfile.mkdtemp(prefix="gorae-mount-")
    try:
        _perform(one, target)
        try:
            return os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        finally:
            umount2(target, MNT_DETACH)
    finally:
        os.rmdir(target)


def _perform(one: Mount, where: str) -> None:
    if one.type == "overlay":
        _mount_by_context(one, where)
        return
    flags, data = flags_and_data(one)
    mount(one.source, where, "" if one.type == "bind" else one.type, flags, data)
    if one.type == "bind" and flags & MS_RDONLY:  # a bind takes its flags by a remount only
        mount("", where, "", MS_REMOUNT | MS_BIND | flags & ~MS_REC)


def flags_and_data(one: Mount) -> tuple[int, str]:
    """The options as mount(2) takes them."""
    flags, data = MS_BIND if one.type == "bind" else 0, []
    for word in one.options:
        if word in _FLAGS:
            flags |= _FLAGS[word]
        elif word != "rw":
            data.append(word)
    return flags, ",".join(data)


def _mount_by_context(one: Mount, where: str) -> None:
    """fsopen(2) and friends, which take any number of layers; mount(2) stops at one page of options."""
    if not _fits_a_context(one):
        _mount_by_short_names(one, where)
        return
    try:
        mount_fd = _mount_fd(one)
    except _OldKernel:
        _mount_by_short_names(one, where)
        return
    try:
        move_mount(mount_fd, where)
    finally:
        os.close(mount_fd)


def _fits_a_context(one: Mount) -> bool:
    return max((len(word) for word in one.options), default=0) <= MAX_FSCONFIG_BYTES


class _OldKernel(Exception):
    """Before 6.8 `lowerdir+` is not known; before 6.5 it is said at the end only."""


def _mount_fd(one: Mount) -> int:
    fs_fd = fsopen(one.type)
    try:
        words = _configure(fs_fd, one)
        fsconfig_create(fs_fd)
        return fsmount(fs_fd, _attributes(words))
    except KernelError as error:
        if error.errno == errno.EINVAL:
            raise _OldKernel from error
        raise
    finally:
        os.close(fs_fd)


def _attributes(words: Iterable[str]) -> int:
    bits = 0
    for word in words:
        bits |= _ATTRIBUTES.get(word, 0)
    return bits


def _configure(fs_fd: int, one: Mount) -> list[str]:
    """Set what has a value on the context, layers first; give the plain words back."""
    fsconfig_set_string(fs_fd, "source", one.source)
    pairs = [word.partition("=") for word in one.options]
    for key, equals, value in sorted(pairs, key=lambda pair: pair[0] != "lowerdir+"):
        if equals:
            fsconfig_set_string(fs_fd, key, value)
    return [key for key, equals, _ in pairs if not equals]


def _mount_by_short_names(one: Mount, where: str) -> None:
    """mount(2) with one `lowerdir` list, its names shortened through a descriptor of their common parent.

    A page of options then holds some 170 layers, and neither `:` nor `,` in the parent's name does harm.
    """
    parent = os.path.commonpath([path for _, path in _paths(one)])
    parent_fd = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flags, data = overlay_data(one, parent, f"/proc/self/fd/{parent_fd}")
        mount(one.source, where, one.type, flags, data)
    finally:
        os.close(parent_fd)


_PATH_OPTIONS = frozenset(("lowerdir+", "upperdir", "workdir"))


def _paths(one: Mount) -> list[tuple[str, str]]:
    pairs = (word.partition("=") for word in one.options)
    return [(key, value) for key, _, value in pairs if key in _PATH_OPTIONS]


def overlay_data(one: Mount, parent: str, prefix: str) -> tuple[int, str]:
    """Flags and option string of an overlay for mount(2), `parent` in its paths replaced by `prefix`."""
    short = [(key, prefix + path.removeprefix(parent)) for key, path in _paths(one)]
    lowers = [path for key, path in short if key == "lowerdir+"]
    data = [f"lowerdir={':'.join(lowers)}"]
    data += [f"{key}={path}" for key, path in short if key != "lowerdir+"]
    flags = 0
    for word in one.options:
        flags |= _FLAGS.get(word, 0)
        if word not in _FLAGS and word != "rw" and word.partition("=")[0] not in _PATH_OPTIONS:
            data.append(word)
    return flags, ",".join(data)
