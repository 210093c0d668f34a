"""Work in another network namespace: sockets stay in the one where they were made."""

import os
from collections.abc import Callable
from typing import TypeVar

from gorae.linux import namespace

T = TypeVar("T")
_home = -1


def inside(netns: str, work: Callable[[], T]) -> T:
    """Run `work` with this thread in the namespace behind the file `netns`, and come back.

    Only for a program with one thread: elsewhere a thread of its own is used.

    Raises:
        OSError: the namespace is gone.
    """
    global _home
    if _home < 0:
        _home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    fd = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        namespace.setns(fd, namespace.CLONE_NEWNET)
        try:
            return work()
        finally:
            namespace.setns(_home, namespace.CLONE_NEWNET)
    finally:
        os.close(fd)
