"""How long to wait, and when to stop."""

from datetime import UTC, datetime

import pytest

from gorae.registry.retry import ATTEMPTS, wait_s

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_waits_double_and_end() -> None:
    waits = [wait_s(n) for n in range(1, ATTEMPTS + 1)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, None]


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Mon, 06 May 2024 07:08:19 GMT", 10.0),
        ("Mon, 06 May 2024 07:00:00 GMT", 0.0),
        ("nonsense", 0.5),
        ("-5", 0.5),
        ("99999999999999999999", None),
        ("3600", None),
    ],
)
def test_what_the_server_says(said: str, wait: float | None) -> None:
    assert wait_s(1, said, now=NOW) == wait


def test_enough_is_enough_whatever_it_says() -> None:
    assert wait_s(ATTEMPTS, "1") is None
