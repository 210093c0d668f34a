"""One command of administration: its words, and how it talks."""

import getpass
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from gorae.errors import InvalidArgument
from gorae.hub.config import Config

MAX_STDIN_CHARS = 4096


class Order:
    """`options` are those that were given, by name with underscores."""

    def __init__(
        self, command: str, config: Config, options: dict[str, Any], arguments: list[str]
    ) -> None:
        self.command = command
        self.config = config
        self.options = options
        self.arguments = arguments

    def text(self, name: str, default: str = "") -> str:
        """A text option."""
        return str(self.options.get(name, default))

    def flag(self, name: str) -> bool:
        """A switch."""
        return bool(self.options.get(name))

    def password(self) -> str:
        """A new password: a line of stdin with --password-stdin, else asked for twice.

        Raises:
            InvalidArgument: the two differ, or there is no terminal to ask at.
        """
        if self.flag("password_stdin"):
            return sys.stdin.readline(MAX_STDIN_CHARS).rstrip("\r\n")
        if not sys.stdin.isatty():
            raise InvalidArgument("no terminal to ask for the password: give --password-stdin")
        first = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != first:
            raise InvalidArgument("the two passwords differ")
        return first


def say(text: str) -> None:
    """One line of standard output."""
    print(text)


def show(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table with columns as wide as their widest cell."""
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for line in lines:
        say(
            "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def when(at_ns: int) -> str:
    """A time as people of all zones read it; a dash for none."""
    if not at_ns:
        return "-"
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def size(count: int) -> str:
    """Bytes in a short form."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"
