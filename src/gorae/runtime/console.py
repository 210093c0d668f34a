"""A terminal for a container that runs in the foreground; the end that we hold.

crun sends the master of the container's own terminal over a socket in its bundle. Another runtime keeps that one and
copies between it and the terminal that is its own standard input: then ours is the master of a pair made for it, and the
runtime is told of a new size by SIGWINCH.
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import termios
from pathlib import Path

from gorae.errors import Unavailable

SOCKET = "console"
PATIENCE_S = 20
STEP_MS = 50
SENDS = "crun"
"""The runtime that is known to take a console's socket for a container in the foreground."""


class Console:
    """Made before the container is started; `close` afterwards."""

    def __init__(self, runtime: str, bundle: Path) -> None:
        self.sent = runtime == SENDS
        self.master = -1
        self.slave = -1
        self._listener: socket.socket | None = None
        self._pid = 0
        if self.sent:
            self._listener = _listen(bundle)
        else:
            self.master, self.slave = os.openpty()

    @property
    def arguments(self) -> list[str]:
        """For the runtime's command line; the socket's name is relative to the bundle."""
        return ["--console-socket", SOCKET] if self.sent else []

    def started(self, pid: int) -> None:
        """The runtime runs: its end of the pair is not ours any more."""
        self._pid = pid
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

    def receive(self) -> bool:
        """Take the master when it was sent; whether it is there. Raises: Unavailable."""
        if self.master >= 0:
            return True
        assert self._listener is not None
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        if not poll.poll(STEP_MS):
            return False
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(PATIENCE_S)
            try:
                _, fds, _, _ = socket.recv_fds(connection, 4096, 1)
            except OSError as error:
                raise Unavailable(f"the runtime did not hand over the terminal: {error}") from error
        if not fds:
            raise Unavailable("the runtime did not hand over the terminal")
        self.master = fds[0]
        os.set_inheritable(self.master, False)
        return True

    def resize(self, rows: int, columns: int) -> None:
        """A new size; a terminal that is gone has none."""
        if self.master < 0:
            return
        with contextlib.suppress(OSError):
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if not self.sent and self._pid:
                os.kill(self._pid, signal.SIGWINCH)

    def close(self) -> None:
        """Give everything back; again is fine."""
        if self._listener is not None:
            self._listener.close()
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1


def _listen(bundle: Path) -> socket.socket:
    """A socket in the bundle, whose own path may be too long for an address."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    fd = os.open(bundle, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found.bind(f"/proc/self/fd/{fd}/{SOCKET}")
        found.listen(1)
    finally:
        os.close(fd)
    return found
