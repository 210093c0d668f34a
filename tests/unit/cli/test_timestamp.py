"""Moments: texts to unix time and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.cli import timestamp
from gorae.errors import InvalidArgument


@pytest.fixture(autouse=True)
def in_greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_rfc3339_is_read_as_the_library_reads_it(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    text = moment.isoformat().replace("+00:00", "Z")
    seconds, nanoseconds = timestamp.parse_rfc3339(text)
    whole = moment.replace(microsecond=0)
    assert seconds == (whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    assert nanoseconds == moment.microsecond * 1000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1700000000", "1700000000"), ("1700000000.5", "1700000000.5"), ("10s", "990.000000000"),
        ("2020-01-01", "1577836800.000000000"), ("2020-01-01Z", "1577836800.000000000"),
        ("2020-01-01T10", "1577872800.000000000"), ("2020-01-01T10:11", "1577873460.000000000"),
        ("2020-01-01T10:11:12+01:00", "1577869872.000000000"), ("2020-01-01T00:00:00.25Z", "1577836800.250000000"),
    ],
)  # fmt: skip
def test_moments_for_the_api(text: str, wanted: str) -> None:
    assert timestamp.query_value(text, 1000.0) == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", 'failed to parse value as time or duration: "x"'),
        ("12:00", 'failed to parse value as time or duration: "12:00"'),
        ("2020-13-01", 'parsing time "2020-13-01": month out of range'),
        ("2021-02-29", 'parsing time "2021-02-29": day out of range'),
        ("2020-01-01T25:00", 'parsing time "2020-01-01T25:00": hour out of range'),
    ],
)
def test_moments_that_are_none(text: str, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        timestamp.query_value(text, 1000.0)
    assert str(caught.value) == sentence


def test_go_prints_it_so() -> None:
    assert timestamp.go_text(1700000000, 123000000) == "2023-11-14 22:13:20.123 +0000 UTC"
    assert timestamp.rfc3339_local(0) == "1970-01-01T00:00:00Z"
