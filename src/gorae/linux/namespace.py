"""unshare(2), setns(2) and keeping a namespace by a bind mount of its /proc file."""

import os

from gorae.errors import KernelError
from gorae.linux import mount
from gorae.linux.syscall import check, libc

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000


def unshare(flags: int) -> None:
    """unshare(2), of the calling thread. Raises: KernelError."""
    check(libc.unshare(flags), "unshare")


def setns(fd: int, nstype: int) -> None:
    """setns(2), of the calling thread. Raises: KernelError."""
    check(libc.setns(fd, nstype), "setns")


def pin(source: str, target: str) -> None:
    """Keep the namespace behind the /proc file `source` alive at the file `target`.

    Raises:
        KernelError: the bind mount failed.
    """
    fd = os.open(target, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o400)
    os.close(fd)
    mount.mount(source, target, "", mount.MS_BIND)


def unpin(target: str) -> None:
    """Let it go; found gone is fine. Raises: KernelError."""
    try:
        mount.umount2(target, mount.MNT_DETACH)
    except KernelError as error:
        if error.errno != mount.EINVAL and not error.not_found:
            raise
    try:
        os.unlink(target)
    except FileNotFoundError:
        return
