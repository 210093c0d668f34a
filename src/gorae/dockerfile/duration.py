"""Go's durations, `1m30s`, `500ms`, in nanoseconds."""

import re
from decimal import Decimal

from gorae.errors import InvalidArgument

_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]{0,30}(?:\.[0-9]{0,30})?)(ns|us|µs|μs|ms|s|m|h)(?![a-zµμ])")
_MAX = 2**63 - 1


def duration_ns(text: str) -> int:
    """Raises: InvalidArgument: with Go's sentence."""
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    total, at = Decimal(0), 0
    while at < len(body):
        found = _PART.match(body, at)
        if found is None or not found[1].strip("."):
            raise InvalidArgument(_sentence(text, body[at:]))
        total += Decimal(found[1]) * _UNITS_NS[found[2]]
        at = found.end()
    if not body or total > _MAX:
        raise InvalidArgument(f'time: invalid duration "{text}"')
    return -int(total) if text.startswith("-") else int(total)


def duration_text(nanoseconds: int) -> str:
    """As Go prints a duration: `1m30s`, `500ms`, `0s`."""
    if nanoseconds < 0:
        return "-" + duration_text(-nanoseconds)
    if nanoseconds < 10**9:
        for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if nanoseconds >= size:
                return _decimal(nanoseconds, size) + unit
        return "0s"
    minutes, rest = divmod(nanoseconds, 60 * 10**9)
    text = _decimal(rest, 10**9) + "s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(value: int, size: int) -> str:
    whole, part = divmod(value, size)
    digits = str(part).zfill(len(str(size)) - 1).rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _sentence(text: str, rest: str) -> str:
    number = re.match(r"[0-9]*\.?[0-9]*", rest)
    after = rest[number.end() :] if number else rest
    unit = re.match(r"[^0-9.]*", after)
    if not number or not number[0].strip("."):
        return f'time: invalid duration "{text}"'
    if not unit or not unit[0]:
        return f'time: missing unit in duration "{text}"'
    return f'time: unknown unit "{unit[0]}" in duration "{text}"'
