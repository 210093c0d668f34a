"""Times as the API writes and reads them: RFC 3339 with nine digits, seconds since the epoch.

Units: nanoseconds since the epoch inside. Pure: the clock comes as an argument.
"""

import datetime
import re

from gorae.errors import InvalidArgument

ZERO = "0001-01-01T00:00:00Z"
"""What an unset time looks like."""

NS = 1_000_000_000
_UNIX = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": NS, "m": 60 * NS, "h": 3600 * NS}
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?"
    r"(Z|[+-]\d\d:\d\d)?"
)


def rfc3339(time_ns: int) -> str:
    """UTC, the fraction without trailing zeros; 0 is the year 1."""
    if not time_ns:
        return ZERO
    seconds, fraction = divmod(time_ns, NS)
    text = _civil(seconds)
    return f"{text}.{fraction:09d}".rstrip("0") + "Z" if fraction else f"{text}Z"


def rfc3339_seconds(time_ns: int) -> str:
    """UTC in whole seconds."""
    return f"{_civil(time_ns // NS)}Z" if time_ns else ZERO


def _civil(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def parse_unix(text: str) -> int:
    """`1700000000` or `1700000000.000000001`, as clients send `since`; "" and "0" are 0.

    Raises:
        InvalidArgument: anything else.
    """
    if not text:
        return 0
    match = _UNIX.fullmatch(text)
    if match is None:
        raise InvalidArgument(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(match[1]) * NS + int((match[2] or "").ljust(9, "0"))


def parse_moment(text: str, now_ns: int) -> int:
    """A point in time as filters write it: seconds, RFC 3339 (also in part), or a duration ago.

    Raises:
        InvalidArgument: none of them.
    """
    if _UNIX.fullmatch(text):
        return parse_unix(text)
    length = parse_duration(text)
    if length is not None:
        return now_ns - length
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise InvalidArgument(f'failed to parse value as time or duration: "{text}"')
    return _moment(match, text)


def _moment(match: re.Match[str], text: str) -> int:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = 0
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    try:
        moment = datetime.datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=datetime.UTC,
        )
    except ValueError:
        raise InvalidArgument(f'failed to parse value as time or duration: "{text}"') from None
    return (int(moment.timestamp()) - offset) * NS + int((fraction or "").ljust(9, "0"))


def parse_duration(text: str) -> int | None:
    """Nanoseconds of `1h30m`, `2.5s`; None when it is no duration."""
    if not text:
        return None
    position, total = 0, 0.0
    while position < len(text):
        match = _DURATION.match(text, position)
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    return int(total)


def human_duration(elapsed_ns: int) -> str:
    """How long, in words, as `ps` shows it: "5 minutes", "About an hour"."""
    seconds = max(0, elapsed_ns) // NS
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    steps = (
        (seconds < 1, "Less than a second"),
        (seconds == 1, "1 second"),
        (seconds < 60, f"{seconds} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < 60, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < 48, f"{hours} hours"),
        (hours < 24 * 7 * 2, f"{hours // 24} days"),
        (hours < 24 * 30 * 2, f"{hours // 24 // 7} weeks"),
        (hours < 24 * 365 * 2, f"{hours // 24 // 30} months"),
        (True, f"{seconds // 3600 // 24 // 365} years"),
    )
    return next(words for fits, words in steps if fits)
