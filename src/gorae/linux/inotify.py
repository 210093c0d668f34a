"""inotify(7) for an event loop: one descriptor, a callback for each watched path."""

import ctypes
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from gorae.linux.syscall import check, libc

IN_MODIFY = 0x2
IN_MOVE_SELF = 0x800
IN_DELETE_SELF = 0x400
IN_IGNORED = 0x8000
_EVENT = struct.Struct("iIII")


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """One callback on one path."""

    wd: int
    path: str
    callback: Callable[[], None]


class Watcher:
    """Calls back when a watched file is written, moved or removed.

    Several watches of one file share the kernel's. `fileno` becomes readable; then call `dispatch`. Not
    thread-safe: it belongs to the loop that reads it.
    """

    def __init__(self) -> None:
        self._fd = check(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "inotify_init1")
        self._watches: dict[int, list[Watch]] = {}

    def fileno(self) -> int:
        """For the loop's add_reader."""
        return self._fd

    def watch(self, path: str, callback: Callable[[], None]) -> Watch:
        """Raises: KernelError: the path is not there, or too many watches."""
        mask = IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF
        wd = libc.inotify_add_watch(self._fd, os.fsencode(path), ctypes.c_uint32(mask))
        one = Watch(check(wd, "inotify_add_watch", path), path, callback)
        self._watches.setdefault(one.wd, []).append(one)
        return one

    def unwatch(self, watch: Watch) -> None:
        """Stop calling back; found gone is fine."""
        rest = [one for one in self._watches.get(watch.wd, ()) if one is not watch]
        if rest:
            self._watches[watch.wd] = rest
        elif self._watches.pop(watch.wd, None) is not None:
            libc.inotify_rm_watch(self._fd, watch.wd)

    def dispatch(self) -> None:
        """Read what the kernel has and call back, once for each watch."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return
        seen: dict[int, None] = {}
        at = 0
        while at < len(data):
            wd, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            seen[wd] = None
            if mask & IN_IGNORED:
                for one in self._watches.pop(wd, ()):
                    one.callback()
        for wd in seen:
            for one in tuple(self._watches.get(wd, ())):
                one.callback()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)
