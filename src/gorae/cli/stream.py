"""The loop of an attached command: terminal in, container's output out, signals and the exit status beside.

One thread, one `poll`. Standard input is read only while what was read before has been sent, so a container
that does not read cannot stop its own output from arriving.
"""

from __future__ import annotations

import os
import select

from gorae.cli.detach import DetachFilter
from gorae.cli.terminal import RawMode
from gorae.client.stdcopy import STDERR, STDOUT, SYSTEM_ERROR, Demultiplexer
from gorae.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from gorae.cli.console import Console
    from gorae.cli.signals import SignalReader
    from gorae.client.transport import Hijacked

    class Awaited(Protocol):
        """Something beside the stream that becomes readable: the exit status."""

        def fileno(self) -> int: ...
        @property
        def pending(self) -> bool: ...


CHUNK = 65536


class Attachment:
    """A hijacked stream between a container and this terminal.

    Args:
        stdin: pass standard input on.
        tty: the stream is raw and our terminal goes raw, else it is framed.
        keys: the detach keys; they count only with a terminal.
        stdout, stderr: which of the outputs to show.
    """

    def __init__(
        self,
        stream: Hijacked,
        console: Console,
        *,
        stdin: bool,
        tty: bool,
        keys: bytes,
        stdout: bool = True,
        stderr: bool = True,
    ) -> None:
        self.stream = stream
        self.console = console
        self.shows = {STDOUT: stdout, STDERR: stderr}
        self.detached = False
        self._frames = None if tty else Demultiplexer()
        self._reads_input = stdin
        self._finished = False
        self._unsent = b""
        self._ends_input = False
        self._keys = DetachFilter(keys) if tty and stdin else None
        self._mode = RawMode(console.input_descriptor) if tty and stdin else None
        if not stdin:
            stream.shutdown_write()

    @property
    def finished(self) -> bool:
        """Whether the container's side has ended or the user has detached."""
        return self._finished or self.detached

    def run(
        self,
        *,
        beside: Awaited | None = None,
        signals: SignalReader | None = None,
        on_signal: Callable[[int], None] | None = None,
    ) -> bool:
        """Copy until the stream ends, the user detaches, or `beside` is readable.

        Returns:
            Whether `beside` ended the loop.
        """
        while not self.finished:
            if beside is not None and beside.pending:
                return True
            ready = self._poll(beside, signals)
            if signals is not None and signals.fileno() in ready and on_signal:
                for number in signals.take():
                    on_signal(number)
            if self.stream.pending or ready.get(self.stream.fileno(), 0) & ~select.POLLOUT:
                self._output()
            if self._unsent and ready.get(self.stream.fileno(), 0) & select.POLLOUT:
                self._send()
            if self._reads_input and self.console.input_descriptor in ready:
                self._input()
            if beside is not None and beside.fileno() in ready:
                return True
        return False

    def drain(self) -> None:
        """Copy what the stream still brings, to its end."""
        while not self._finished:
            self._output()

    def restore(self) -> None:
        """Give the terminal its mode back."""
        if self._mode:
            self._mode.restore()

    def _poll(self, beside: Awaited | None, signals: SignalReader | None) -> dict[int, int]:
        poller = select.poll()
        wants_out = select.POLLOUT if self._unsent else 0
        poller.register(self.stream.fileno(), select.POLLIN | wants_out)
        if self._reads_input and not self._unsent:
            poller.register(self.console.input_descriptor, select.POLLIN)
        for other in (beside, signals):
            if other is not None:
                poller.register(other.fileno(), select.POLLIN)
        return dict(poller.poll(0 if self.stream.pending else None))

    def _output(self) -> None:
        try:
            data = self.stream.receive(CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            self._finished = True
            self.restore()
            return
        if self._frames is None:
            self.console.out.write(data)
        else:
            for number, payload in self._frames.feed(data):
                self._payload(number, payload)
        self.console.flush()

    def _payload(self, number: int, payload: bytes) -> None:
        if number == SYSTEM_ERROR:
            raise Unavailable(
                f"error from daemon in stream: {payload.decode('utf-8', 'replace').strip()}"
            )
        if self.shows.get(number):
            (self.console.err if number == STDERR else self.console.out).write(payload)

    def _input(self) -> None:
        try:
            data = os.read(self.console.input_descriptor, CHUNK)
        except OSError:  # the terminal has gone
            data = b""
        if not data:
            self._reads_input = False
            self._ends_input = True
        elif self._keys:
            data, self.detached = self._keys.feed(data)
            if self.detached:
                self.restore()
        self._unsent += data
        self._send()

    def _send(self) -> None:
        if self._unsent:
            try:
                self._unsent = self._unsent[self.stream.send_some(self._unsent) :]
            except (BrokenPipeError, ConnectionResetError):
                self._unsent, self._reads_input = b"", False
        if self._ends_input and not self._unsent:
            self._ends_input = False
            self.stream.shutdown_write()
