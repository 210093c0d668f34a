import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire import timestamp as ts

NOW = 1_700_000_000 * ts.NS


def test_the_fraction_loses_its_trailing_zeros() -> None:
    assert ts.rfc3339(NOW) == "2023-11-14T22:13:20Z"
    assert ts.rfc3339(NOW + 120_000_000) == "2023-11-14T22:13:20.12Z"
    assert ts.rfc3339(0) == "0001-01-01T00:00:00Z"


@given(st.integers(1, 4_000_000_000 * ts.NS))
def test_what_is_written_is_read_back(time_ns: int) -> None:
    assert ts.parse_moment(ts.rfc3339(time_ns), NOW) == time_ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [("", 0), ("0", 0), ("1.5", 1_500_000_000), ("1700000000.000000001", NOW + 1), ("-1", -ts.NS)],
)
def test_seconds_as_clients_send_them(text: str, ns: int) -> None:
    assert ts.parse_unix(text) == ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10m", NOW - 600 * ts.NS),
        ("1h30m", NOW - 5400 * ts.NS),
        ("2023-11-14T22:13:20+01:00", NOW - 3600 * ts.NS),
        ("2023-11-14", 1_699_920_000 * ts.NS),
    ],
)
def test_moments_of_filters(text: str, ns: int) -> None:
    assert ts.parse_moment(text, NOW) == ns


@pytest.mark.parametrize("text", ["x", "10y", "2023-99-99", "12:00"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        ts.parse_moment(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (61, "About a minute"),
        (120, "2 minutes"),
        (3600, "About an hour"),
        (2 * 3600, "2 hours"),
        (47 * 3600, "47 hours"),
        (49 * 3600, "2 days"),
        (15 * 86400, "2 weeks"),
        (70 * 86400, "2 months"),
        (800 * 86400, "2 years"),
    ],
)
def test_lengths_in_words_as_ps_shows_them(seconds: float, words: str) -> None:
    assert ts.human_duration(int(seconds * ts.NS)) == words
