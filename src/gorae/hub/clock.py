"""The hub's time, in one place, so that tests can move it."""

import time

SECOND_NS = 1_000_000_000


def now_ns() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()
