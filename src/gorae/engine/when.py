"""Times as texts: RFC 3339 with nanoseconds, as the specifications and the API write them. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))?"
)
ZERO = "0001-01-01T00:00:00Z"
SECOND_NS = 1_000_000_000


def parse_rfc3339_ns(text: str) -> int:
    """Nanoseconds since the epoch; 0 for a text that is no time, or one before it."""
    found = _RFC3339.fullmatch(text)
    if not found:
        return 0
    year, month, day, hour, minute, second = (int(one) for one in found.groups()[:6])
    fraction = int((found[7] or "").ljust(9, "0"))
    zone = UTC
    if found[9]:
        offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
        zone = timezone(offset if found[9] == "+" else -offset)
    try:
        when = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return 0
    seconds = int(when.timestamp()) + (second - min(second, 59))
    return max(0, seconds * SECOND_NS + fraction)


def rfc3339(time_ns: int) -> str:
    """`2026-01-02T03:04:05.123456789Z`, without trailing zeros of the fraction; 0 is year one, as Go's zero time."""
    if not time_ns:
        return ZERO
    seconds, fraction = divmod(time_ns, SECOND_NS)
    stem = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stem}.{fraction:09d}".rstrip("0").rstrip(".") + "Z"
