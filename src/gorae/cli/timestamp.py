"""Moments: RFC 3339 and Go durations to unix time, unix time to Go's text."""

from __future__ import annotations

import time

from gorae.cli import values
from gorae.errors import InvalidArgument

ZERO = "0001-01-01T00:00:00Z"


def parse_rfc3339(text: str) -> tuple[int, int]:
    """Unix seconds and nanoseconds of `2026-11-24T12:26:05.123Z` or with `+09:00`.

    Raises:
        InvalidArgument: another form.
    """
    date, _, rest = text.partition("T")
    if not rest and date.endswith("Z"):
        date, rest = date[:-1], "Z"
    clock, offset_s = _split_zone(rest)
    whole, _, fraction = clock.partition(".")
    try:
        year, month, day = (int(part) for part in date.split("-"))
        hour, minute, second = (int(part) for part in ((whole or "0") + ":0:0").split(":")[:3])
        nanoseconds = int(fraction[:9].ljust(9, "0")) if fraction else 0
    except ValueError:
        raise InvalidArgument(f'cannot parse "{text}" as a time') from None
    for unit, value, least, most in (
        ("month", month, 1, 12),
        ("day", day, 1, _days_of(year, month)),
        ("hour", hour, 0, 23),
        ("minute", minute, 0, 59),
        ("second", second, 0, 59),
    ):
        if not least <= value <= most:
            raise InvalidArgument(f'parsing time "{text}": {unit} out of range')
    days = days_from_civil(year, month, day)
    return days * 86400 + hour * 3600 + minute * 60 + second - offset_s, nanoseconds


def _days_of(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _split_zone(text: str) -> tuple[str, int]:
    if text.endswith("Z"):
        return text[:-1], 0
    for sign, factor in (("+", 1), ("-", -1)):
        clock, found, zone = text.partition(sign)
        if found and zone.replace(":", "").isdigit():
            hours, _, minutes = zone.partition(":")
            return clock, factor * (int(hours) * 3600 + int(minutes or 0) * 60)
    return text, _local_offset_s()


def _local_offset_s() -> int:
    return time.localtime().tm_gmtoff


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar (also before it)."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def query_value(text: str, now: float) -> str:
    """A moment as the API wants it, `seconds.nanoseconds`: from a unix time, an RFC 3339 text, a date, or
    a duration before `now`.

    Raises:
        InvalidArgument: none of these.
    """
    try:
        span = values.duration_ns(text)
    except InvalidArgument:
        pass
    else:
        if text != "0":
            moment = int(now * 10**9) - span
            return f"{moment // 10**9}.{moment % 10**9:09d}"
    whole, _, fraction = text.partition(".")
    if whole.lstrip("-").isdigit() and (not fraction or fraction.isdigit()):
        return text
    try:
        seconds, nanoseconds = parse_rfc3339(text)
    except InvalidArgument as error:
        if "out of range" in str(error):
            raise
        raise InvalidArgument(f'failed to parse value as time or duration: "{text}"') from None
    return f"{seconds}.{nanoseconds:09d}"


def go_text(seconds: float, nanoseconds: int = 0) -> str:
    """Go's `Time.String` in the local zone: `2026-11-24 12:26:05 +0000 UTC`."""
    local = time.localtime(seconds)
    sign = "-" if local.tm_gmtoff < 0 else "+"
    offset = abs(local.tm_gmtoff) // 60
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    zone = f"{sign}{offset // 60:02d}{offset % 60:02d}"
    return time.strftime("%Y-%m-%d %H:%M:%S", local) + f"{fraction} {zone} {local.tm_zone}"


def rfc3339_local(seconds: float) -> str:
    """`2026-11-24T12:26:05Z`, in the local zone."""
    local = time.localtime(seconds)
    offset = local.tm_gmtoff // 60
    zone = "Z" if not offset else f"{offset // 60:+03d}:{offset % 60:02d}"
    return time.strftime("%Y-%m-%dT%H:%M:%S", local) + zone
