"""Sizes, spans and texts as people read them: docker's words."""

from __future__ import annotations

_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


def human_size(size_bytes: float, precision: int = 4) -> str:
    """Decimal units: `1.98MB`."""
    return _scaled(size_bytes, 1000.0, _DECIMAL, precision)


def binary_size(size_bytes: float, precision: int = 4) -> str:
    """Binary units: `1.891MiB`."""
    return _scaled(size_bytes, 1024.0, _BINARY, precision)


def _scaled(size: float, base: float, names: tuple[str, ...], precision: int) -> str:
    index = 0
    while size >= base and index < len(names) - 1:
        size /= base
        index += 1
    return f"{size:.{precision}g}{names[index]}"


def human_duration(seconds: float) -> str:
    """`5 seconds`, `About a minute`, `3 weeks`."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    minutes = whole // 60
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    for limit, length, name in ((336, 24, "days"), (1440, 168, "weeks"), (17520, 720, "months")):
        if hours < limit:
            return f"{hours // length} {name}"
    return f"{int(seconds / 3600) // 24 // 365} years"


def ellipsis(text: str, width: int) -> str:
    """At most `width` characters, the last a `…` where text was cut."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def short_id(identifier: str) -> str:
    """Twelve digits of an id, without its `sha256:`."""
    return identifier.removeprefix("sha256:")[:12]
