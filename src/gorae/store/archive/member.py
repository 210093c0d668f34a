"""One member of an archive made in a directory: data, owner, attributes, mode and time, in the order that keeps them.

Owner first, since chown(2) clears set-id bits and file capabilities; attributes, then mode, time last.
"""

import errno
import os
import stat

from gorae.oci.tar.header import CHARACTER, FIFO, Entry
from gorae.oci.tar.reader import ForwardReader

CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NOT_STRANGERS = ("trusted.overlay.", "user.overlay.")
"""Extended attributes that overlayfs keeps for itself: never taken from an archive, never given to one."""


def make_file(entry: Entry, stream: ForwardReader, dir_fd: int, name: str) -> None:
    """A regular file with its data. Raises: OSError, InvalidArgument: the archive ends in it."""
    fd = os.open(name, CREATE_FLAGS, 0o600, dir_fd=dir_fd)
    try:
        if entry.sparse is None:
            _write(stream, fd, entry.size)
        else:
            os.ftruncate(fd, entry.real_size)
            for offset, size in entry.sparse:
                os.lseek(fd, offset, os.SEEK_SET)
                _write(stream, fd, size)
        dress(entry, fd)
        os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
    finally:
        os.close(fd)


def _write(stream: ForwardReader, fd: int, size: int) -> None:
    for view in stream.pieces(size):
        while view:
            view = view[os.write(fd, view) :]


def dress(entry: Entry, fd: int) -> None:
    """Owner, attributes and mode of an open file or directory."""
    os.fchown(fd, entry.uid, entry.gid)
    if entry.xattrs:
        set_xattrs(entry.xattrs, fd)
    os.fchmod(fd, entry.mode & 0o7777)


def make_symlink(entry: Entry, dir_fd: int, name: str) -> None:
    """A symbolic link, wherever it leads: whoever follows it does so below the root."""
    os.symlink(entry.linkname, name, dir_fd=dir_fd)
    _dress_by_name(entry, dir_fd, name)


def make_node(entry: Entry, dir_fd: int, name: str) -> None:
    """A device or a fifo."""
    kind, device = stat.S_IFIFO, 0
    if entry.type != FIFO:
        kind = stat.S_IFCHR if entry.type == CHARACTER else stat.S_IFBLK
        device = os.makedev(entry.devmajor, entry.devminor)
    os.mknod(name, kind | 0o600, device, dir_fd=dir_fd)
    _dress_by_name(entry, dir_fd, name)


def _dress_by_name(entry: Entry, dir_fd: int, name: str) -> None:
    """As `dress`, of what cannot be opened; it was made here just now."""
    os.chown(name, entry.uid, entry.gid, dir_fd=dir_fd, follow_symlinks=False)
    if entry.xattrs:
        set_xattrs(entry.xattrs, f"/proc/self/fd/{dir_fd}/{name}")
    if not entry.issym():
        os.chmod(name, entry.mode & 0o7777, dir_fd=dir_fd)
    times = (entry.mtime_ns, entry.mtime_ns)
    os.utime(name, ns=times, dir_fd=dir_fd, follow_symlinks=False)


def set_xattrs(xattrs: dict[str, bytes], target: int | str) -> None:
    """Set what the file system and the kernel let us set, on a descriptor or on a name that is not followed."""
    for key, value in xattrs.items():
        if key.startswith(NOT_STRANGERS) or "\0" in key:
            continue
        try:
            os.setxattr(target, key, value, follow_symlinks=isinstance(target, int))
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EPERM):
                raise


def get_xattrs(target: int | str) -> dict[str, bytes]:
    """All but overlayfs's own, of a descriptor or of a name that is not followed."""
    follow = isinstance(target, int)
    try:
        names = os.listxattr(target, follow_symlinks=follow)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return {}
    found: dict[str, bytes] = {}
    for name in names:
        if not name.startswith(NOT_STRANGERS):
            try:
                found[name] = os.getxattr(target, name, follow_symlinks=follow)
            except OSError as error:
                if error.errno != errno.ENODATA:  # removed meanwhile
                    raise
    return found
