"""The terminal's own mode and size."""

from __future__ import annotations

import os
import termios

from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.console import Console

_INPUT, _OUTPUT, _CONTROL, _LOCAL, _CHARACTERS = 0, 1, 2, 3, 6


def check_input(console: Console, *, attach_stdin: bool, tty: bool) -> None:
    """Refuse a terminal for the container when ours is none.

    Raises:
        InvalidArgument: docker's sentence.
    """
    if tty and attach_stdin and not console.input_is_terminal:
        raise InvalidArgument("the input device is not a TTY")


def size(descriptor: int) -> tuple[int, int]:
    """Rows and columns; (0, 0) where there is no terminal."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        return 0, 0
    return rows, columns


class RawMode:
    """A terminal handing every key through; `restore` puts it back and may be called again."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._saved: list[Any] | None = None
        if os.isatty(descriptor):
            self._saved = termios.tcgetattr(descriptor)
            termios.tcsetattr(descriptor, termios.TCSANOW, raw(termios.tcgetattr(descriptor)))

    def restore(self) -> None:
        """Set the mode of before."""
        if self._saved is not None:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._saved)
            self._saved = None


def raw(mode: list[Any]) -> list[Any]:
    """cfmakeraw(3): no echo, no lines, no signals, eight bits, no output changes."""
    mode[_INPUT] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP
        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON
    )  # fmt: skip
    mode[_OUTPUT] &= ~termios.OPOST
    mode[_LOCAL] &= ~(
        termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN
    )
    mode[_CONTROL] = (mode[_CONTROL] & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
    mode[_CHARACTERS][termios.VMIN] = 1
    mode[_CHARACTERS][termios.VTIME] = 0
    return mode
