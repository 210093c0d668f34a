"""The process at the other end of a unix socket, and a descriptor of its that it names.

The kernel says who it is; pidfd_getfd(2) then takes a copy of one of its descriptors, as a debugger may. A process that
left meanwhile is noticed: a pidfd never means a later namesake.
"""

import os
import socket
import struct

from gorae.errors import InvalidArgument, KernelError
from gorae.linux.syscall import check, libc

SYS_PIDFD_GETFD = 438
SO_PEERPIDFD = 77
"""Linux 6.5; older kernels tell the number alone."""
_UCRED = struct.Struct("=iII")


def credentials(connection: socket.socket) -> tuple[int, int, int]:
    """(pid, uid, gid) of the process that connected. Raises: KernelError: no unix socket."""
    try:
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except OSError as error:
        raise KernelError("getsockopt", error.errno or 0, "SO_PEERCRED") from error
    return _UCRED.unpack(data)


def open_peer(connection: socket.socket) -> int:
    """A pidfd of the process that connected. Raises: KernelError: it is gone."""
    try:
        data = connection.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD, 4)
        return int(struct.unpack("=i", data)[0])
    except OSError:
        pid = credentials(connection)[0]
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        raise KernelError("pidfd_open", error.errno or 0, str(pid)) from error


def pidfd_getfd(pidfd: int, target_fd: int) -> int:
    """pidfd_getfd(2); the copy is close-on-exec. Raises: KernelError: not allowed, or no such descriptor."""
    result = libc.syscall(SYS_PIDFD_GETFD, pidfd, target_fd, 0)
    return check(int(result), "pidfd_getfd", str(target_fd))


def take_directory(connection: socket.socket, target_fd: int) -> int:
    """A copy of a directory's descriptor that the peer has open.

    Raises:
        KernelError: it cannot be had. InvalidArgument: it is no directory.
    """
    pidfd = open_peer(connection)
    try:
        fd = pidfd_getfd(pidfd, target_fd)
    finally:
        os.close(pidfd)
    try:
        inner = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
    except NotADirectoryError:
        raise InvalidArgument(f"descriptor {target_fd} of the client is no directory") from None
    except OSError as error:
        raise KernelError("openat", error.errno or 0, f"descriptor {target_fd}") from error
    finally:
        os.close(fd)
    return inner
