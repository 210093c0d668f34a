"""When to try again, and after how long. Pure.

The waits double from half a second to sixteen; a server that says `Retry-After` is obeyed, within bounds. What a
transfer got through before it broke counts: after progress the count begins anew.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 6
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 16.0
LONGEST_OBEYED_S = 120.0
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Statuses after which the same request may succeed."""


def wait_s(attempt: int, retry_after: str = "", *, now: datetime | None = None) -> float | None:
    """Seconds before attempt number `attempt + 1`; None: enough.

    `attempt` counts from 1. `retry_after`: the field's value, seconds or a date, empty where there was none.
    """
    if attempt >= ATTEMPTS:
        return None
    own: float = min(FIRST_WAIT_S * 2.0 ** (attempt - 1), LONGEST_WAIT_S)
    asked = _asked_s(retry_after, now or datetime.now(UTC))
    if asked is None:
        return own
    return None if asked > LONGEST_OBEYED_S else max(asked, 0.0)


def _asked_s(value: str, now: datetime) -> float | None:
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - now).total_seconds()
