"""Sizes, durations, truths and numbers as compose files write them. Pure."""

from __future__ import annotations

from gorae.dockerfile.duration import duration_ns
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_TRUE = frozenset(("true", "1", "yes", "on", "y"))
_FALSE = frozenset(("false", "0", "no", "off", "n"))


def size_bytes(value: Any, where: str) -> int:
    """`512`, `64m`, `1.5gb`; a number is bytes.

    Raises:
        InvalidArgument: none of these.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    text = str(value).strip().lower()
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(digits) :].removesuffix("ib")
    unit = unit if unit in _UNITS else unit.removesuffix("b")
    try:
        if unit not in _UNITS:
            raise ValueError
        return int(float(digits) * _UNITS[unit])
    except ValueError:
        raise InvalidArgument(f"{where}: invalid size: {value!r}") from None


def nanoseconds(value: Any, where: str) -> int:
    """A Go duration; a bare number is nanoseconds, as compose reads it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return duration_ns(str(value))
    except InvalidArgument as error:
        raise InvalidArgument(f"{where}: {error}") from None


def truth(value: Any, where: str) -> bool:
    """A boolean, also one that came out of a variable as text."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InvalidArgument(f"{where}: invalid boolean: {value!r}")


def whole(value: Any, where: str) -> int:
    """An integer, also as text."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(str(value), 0)
    except ValueError:
        raise InvalidArgument(f"{where}: invalid number: {value!r}") from None


def nano_cpus(value: Any, where: str) -> int:
    """CPUs (`0.5`) in billionths."""
    try:
        return round(float(value) * 1e9)
    except (TypeError, ValueError):
        raise InvalidArgument(f"{where}: invalid number of cpus: {value!r}") from None
