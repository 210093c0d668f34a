"""Messages of long work (pull, load, import, push): one JSON document a line, ended by CR LF."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from gorae.wire import codec


class ProgressDetail(Struct, omit_defaults=True):
    """How far, in bytes; both zero: not known."""

    current: int = 0
    total: int = 0


class ErrorDetail(Struct, omit_defaults=True):
    """An error inside a stream that has begun."""

    message: str
    code: int = 0


class Message(Struct):
    """One line. `id` names the layer that `status` speaks of; `aux` is for machines."""

    stream: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    progress_detail: ProgressDetail | UnsetType = field(default=UNSET, name="progressDetail")
    progress: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    error_detail: ErrorDetail | UnsetType = field(default=UNSET, name="errorDetail")
    error: str | UnsetType = UNSET
    aux: Any = UNSET


def line(message: Message) -> bytes:
    """The message as it goes out."""
    return codec.encode(message) + b"\r\n"


def status(text: str, *, layer: str = "", current: int = 0, total: int = 0) -> bytes:
    """A state of the work, of one layer when `layer` is given."""
    detail = ProgressDetail(current, total) if layer or total else UNSET
    return line(Message(status=text, progress_detail=detail, id=layer or UNSET))


def output(text: str) -> bytes:
    """Text for the terminal."""
    return line(Message(stream=text))


def failure(text: str, *, code: int = 0) -> bytes:
    """The end of a stream that failed after it began."""
    return line(Message(error_detail=ErrorDetail(text, code), error=text))


def auxiliary(value: object) -> bytes:
    """A result for machines."""
    return line(Message(aux=value))


BAR_WIDTH = 50
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def bar(current: int, total: int) -> str:
    """`[====>      ]  35.33kB/1.982MB`, as dockerd draws it for clients that only print."""
    if current > total:
        return f"[{'=' * BAR_WIDTH}>]  {_human(current)}"
    filled = current * BAR_WIDTH // total
    drawn = "=" * filled + (">" if filled < BAR_WIDTH else "")
    return f"[{drawn:<{BAR_WIDTH}}]  {_human(current):>8}/{_human(total)}"


def _human(count: int) -> str:
    """Four digits and a decimal unit."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.4g}{_UNITS[unit]}"
