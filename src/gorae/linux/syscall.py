"""The C library and the one helper that turns errno into an error.

`libc` keeps errno per thread (`use_errno`), so a call and its check must happen in one thread without
another ctypes call between them.
"""

import ctypes

from gorae.errors import KernelError

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def check(result: int, syscall: str, what: str = "") -> int:
    """Give `result` back, or raise what errno says when it is negative.

    Raises:
        KernelError: naming `syscall` and its object `what`.
    """
    if result < 0:
        raise KernelError(syscall, ctypes.get_errno(), what)
    return result
