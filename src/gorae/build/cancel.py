"""A build's end before its time: a flag that a blocking step can wait for beside its own descriptors."""

import os
import threading

from gorae.errors import Cancelled


class Cancel:
    """Set once by whoever ends the build; `fileno` becomes readable then."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._set = threading.Event()
        self._lock = threading.Lock()
        self.reason = "the build was cancelled"

    def fileno(self) -> int:
        """For poll(2)."""
        return self._fd

    def set(self, reason: str = "") -> None:
        """End the build; again, or after `close`, is fine."""
        with self._lock:
            if not self._set.is_set():
                self.reason = reason or self.reason
                self._set.set()
                if self._fd >= 0:
                    os.eventfd_write(self._fd, 1)

    @property
    def is_set(self) -> bool:
        """Whether it was."""
        return self._set.is_set()

    def check(self) -> None:
        """Raises: Cancelled: it is set."""
        if self._set.is_set():
            raise Cancelled(self.reason)

    def wait(self, timeout_s: float) -> bool:
        """Wait for it at most so long; whether it is set."""
        return self._set.wait(timeout_s)

    def close(self) -> None:
        """Give the descriptor back; nobody may wait any more."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
