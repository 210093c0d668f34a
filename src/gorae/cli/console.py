"""Standard input, output and error as descriptors: buffered text out, raw bytes through."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 65536


class Output:
    """A descriptor for text and bytes; holds up to 64 KiB back until `flush`."""

    __slots__ = ("_held", "_size", "descriptor")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: str | bytes) -> None:
        """Take text (as UTF-8) or bytes."""
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        self._held.append(raw)
        self._size += len(raw)
        if self._size >= LIMIT:
            self.flush()

    def line(self, text: str) -> None:
        """Take one line."""
        self.write(text + "\n")

    def flush(self) -> None:
        """Write what is held.

        Raises:
            OSError: the reader has gone (BrokenPipeError) or the disk is full.
        """
        data, self._held, self._size = b"".join(self._held), [], 0
        while data:
            data = data[os.write(self.descriptor, data) :]

    @property
    def is_terminal(self) -> bool:
        """Whether a terminal is at the other end."""
        return os.isatty(self.descriptor)


class Console:
    """The three descriptors of one command."""

    __slots__ = ("err", "input_descriptor", "out")

    def __init__(self, input_descriptor: int = 0, out: int = 1, err: int = 2) -> None:
        self.input_descriptor = input_descriptor
        self.out = Output(out)
        self.err = Output(err)

    def flush(self) -> None:
        """Write what both outputs hold."""
        self.out.flush()
        self.err.flush()

    def complain(self, text: str) -> None:
        """One message on standard error, in order with standard output."""
        self.out.flush()
        self.err.line(text)
        self.err.flush()

    @property
    def input_is_terminal(self) -> bool:
        """Whether standard input is a terminal."""
        return os.isatty(self.input_descriptor)

    def confirm(self, question: str, read_line: Callable[[], str]) -> bool:
        """Ask; anything but y or yes is a no."""
        self.out.write(question)
        self.flush()
        return read_line().strip().lower() in ("y", "yes")


def read_line(descriptor: int = 0) -> str:
    """One line from `descriptor`, byte by byte: what follows it stays unread."""
    data = bytearray()
    while (byte := os.read(descriptor, 1)) and byte != b"\n":
        data += byte
    return data.decode("utf-8", "replace")
