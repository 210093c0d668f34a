"""mallopt(3): how the C library keeps freed memory."""

from gorae.linux.syscall import libc

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8


def mallopt(param: int, value: int) -> bool:
    """mallopt(3); False where the C library has no such thing."""
    try:
        return bool(libc.mallopt(param, value))
    except AttributeError:  # musl
        return False
