"""syncfs(2)."""

from gorae.linux.syscall import check, libc


def syncfs(fd: int) -> None:
    """Write all of the file system behind `fd` to the disk. Raises: KernelError."""
    check(libc.syncfs(fd), "syncfs")
