"""Streams of progress messages (pull, push, load, import): lines, or bars where a terminal is.

Shape of a message: `status`, `id`, `progressDetail {current,total}`, `stream`, `aux`, `errorDetail`.
"""

from __future__ import annotations

from gorae.cli.units import human_size
from gorae.errors import Internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gorae.cli.console import Output

BAR_WIDTH = 50
_CLEAR_LINE = "\x1b[2K"


def display(
    messages: Iterable[dict[str, Any]],
    output: Output | None,
    on_auxiliary: Callable[[Any], None] | None = None,
) -> None:
    """Show all of a stream; without an output, read it for its errors alone.

    Raises:
        Internal: the stream brought an error; the message is the daemon's.
    """
    rows: dict[str, int] = {}
    terminal = output is not None and output.is_terminal
    for message in messages:
        if message.get("aux") is not None:
            if on_auxiliary:
                on_auxiliary(message["aux"])
            continue
        error = message.get("errorDetail") or (
            {"message": message["error"]} if message.get("error") else None
        )
        if output is not None and error:
            output.flush()
        if error:
            raise Internal(str(error.get("message", "")))
        if output is not None:
            _show(message, rows, output, terminal)
            output.flush()


def _show(message: dict[str, Any], rows: dict[str, int], output: Output, terminal: bool) -> None:
    identifier = message.get("id", "")
    detail = message.get("progressDetail")
    up = 0
    if identifier and detail is not None:
        if identifier not in rows:
            rows[identifier] = len(rows)
            if terminal:
                output.write("\n")
        up = len(rows) - rows[identifier]
        if terminal and up:
            output.write(f"\x1b[{up}A")
    else:
        rows.clear()
    output.write(line(message, terminal))
    if terminal and up:
        output.write(f"\x1b[{up}B")


def line(message: dict[str, Any], terminal: bool) -> str:
    """The text of one message; without a terminal, progress says nothing."""
    detail = message.get("progressDetail")
    bar = progress_bar(detail) if detail else ""
    stream = message.get("stream", "")
    if not terminal and bar:
        return ""
    opening, ending = "", ""
    if terminal and not stream and detail is not None:
        opening, ending = f"{_CLEAR_LINE}\r", "\r"
    head = f"{message['id']}: " if message.get("id") else ""
    head += f"(from {message['from']}) " if message.get("from") else ""
    if terminal and detail is not None and not stream:
        return f"{opening}{head}{message.get('status', '')} {bar}{ending}"
    if stream:
        return f"{head}{stream}{ending}"
    return f"{opening}{head}{message.get('status', '')}{ending}\n"


def progress_bar(detail: dict[str, Any]) -> str:
    """`[=====>      ]  1.2MB/3.4MB`; empty when nothing is known."""
    current, total = detail.get("current", 0), detail.get("total", 0)
    if current <= 0 and total <= 0:
        return ""
    if total <= 0 or current > total:
        units = detail.get("units", "")
        return f"{current} {units}" if units else f"{human_size(current):>8}"
    filled = int(current * BAR_WIDTH / total)
    head = "=" * filled + (">" if filled < BAR_WIDTH else "")
    return f"[{head:<{BAR_WIDTH}}]  {human_size(current):>8}/{human_size(total)}"
