"""Somebody at the streams of a command: on a terminal, or through three pipes; blocking.

Input comes in pieces from whoever has it and is written by a thread; output is read here until the command has ended.
"""

import contextlib
import errno
import os
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from gorae.build.cancel import Cancel
from gorae.errors import GoraeError
from gorae.runtime.config import RuntimeConfig
from gorae.runtime.console import Console
from gorae.runtime.foreground import Foreground, Running

PIECE = 64 << 10
STEP_MS = 200
STDOUT, STDERR = 1, 2


@dataclass(slots=True)
class Terminal:
    """`wanted`: a terminal, of `size` (rows, columns). `read` gives the next piece of input, empty at its end;
    `write` takes output: the stream and the bytes. Either raises GoraeError when nobody is there any more.
    """

    read: Callable[[], bytes]
    write: Callable[[int, bytes], object]
    wanted: bool = False
    size: tuple[int, int] = (0, 0)
    _console: Console | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def resize(self, rows: int, columns: int) -> None:
        """A new size, from any thread."""
        self.size = (rows, columns)
        if self._console is not None:
            self._console.resize(rows, columns)

    def follow(self, foreground: Foreground, config: RuntimeConfig, cancel: Cancel) -> int:
        """Run it to its end; its status. Raises: Cancelled. GoraeError: it could not be started."""
        with contextlib.ExitStack() as closing:
            streams: dict[int, int] = {}
            feed = -1
            if self.wanted:
                running = foreground.start(config)
            else:
                running, streams, feed = _piped(foreground, config, closing)
            with running.ended_on_failure():
                if self.wanted and self._attach(running, cancel):
                    assert running.console is not None
                    streams, feed = {running.console.master: STDOUT}, os.dup(running.console.master)
                self._carry(streams, feed, cancel)
            return running.wait()

    def _attach(self, running: Running, cancel: Cancel) -> bool:
        """Wait until the runtime has made the terminal; False when the command never began."""
        console = running.console
        assert console is not None
        while not console.receive():
            cancel.check()
            if running.ended and not console.receive():
                return False
        self._console = console
        if any(self.size):
            console.resize(*self.size)
        return True

    def _carry(self, streams: dict[int, int], feed: int, cancel: Cancel) -> None:
        """Both directions until the command has closed its own. `feed` is the thread's to close."""
        if feed >= 0:
            threading.Thread(
                target=self._feed, args=(feed,), name="build-shell", daemon=True
            ).start()
        try:
            self._drain(streams, cancel)
        finally:
            self._over.set()
            self._console = None

    def _drain(self, streams: dict[int, int], cancel: Cancel) -> None:
        poll = select.poll()
        for fd in (*streams, cancel.fileno()):
            poll.register(fd, select.POLLIN)
        left = set(streams)
        while left:
            for fd, _ in poll.poll():
                if fd == cancel.fileno():
                    cancel.check()
                data = _read(fd)
                if data is None:
                    continue
                if data:
                    self.write(streams[fd], data)
                else:
                    poll.unregister(fd)
                    left.discard(fd)

    def _feed(self, fd: int) -> None:
        """Input, until it or the command ends; then a pipe's reader sees the end."""
        with contextlib.suppress(GoraeError, OSError):
            os.set_blocking(fd, False)
            while not self._over.is_set():
                data = self.read()
                if not data or not self._write_all(fd, data):
                    break
        os.close(fd)

    def _write_all(self, fd: int, data: bytes) -> bool:
        """False: the command ended, or reads no more."""
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        view = memoryview(data)
        while view:
            if self._over.is_set():
                return False
            if not poll.poll(STEP_MS):
                continue
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                continue
        return True


def _read(fd: int) -> bytes | None:
    """Output; empty at its end, which a terminal tells by EIO; None when there is none just now."""
    try:
        return os.read(fd, PIECE)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


def _piped(
    foreground: Foreground, config: RuntimeConfig, closing: contextlib.ExitStack
) -> tuple[Running, dict[int, int], int]:
    """Start it with three pipes: what is read, and the end that feeds it."""
    with contextlib.ExitStack() as theirs:
        stdin, feed = os.pipe2(os.O_CLOEXEC)
        theirs.callback(os.close, stdin)
        undo = closing.enter_context(contextlib.ExitStack())
        undo.callback(os.close, feed)
        ends = []
        for _ in (STDOUT, STDERR):
            ours, child = os.pipe2(os.O_CLOEXEC)
            closing.callback(os.close, ours)
            theirs.callback(os.close, child)
            ends.append((ours, child))
        (out, out_child), (err, err_child) = ends
        running = foreground.start(config, stdin=stdin, stdout=out_child, stderr=err_child)
        undo.pop_all()  # from here on the feeding thread's
    return running, {out: STDOUT, err: STDERR}, feed
