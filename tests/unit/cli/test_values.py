"""Texts of options to values, with Go's words where they are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.cli import values
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0", 0), ("512", 512), ("1k", 1024), ("64m", 64 << 20), ("1.5g", 3 << 29), ("2GiB", 2 << 30), ("100kb", 102400), ("1 m", 1 << 20)],
)  # fmt: skip
def test_sizes(text: str, wanted: int) -> None:
    assert values.size_bytes(text) == wanted


@pytest.mark.parametrize("text", ["", "x", "1x", "1..5m", "m", "-1", "1e3"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"invalid size: '"):
        values.size_bytes(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0", 0), ("1s", 10**9), ("1h2m3.5s", 3723 * 10**9 + 5 * 10**8), ("-1.5h", -5400 * 10**9), ("10us", 10_000), ("1µs", 1000), ("2ms", 2 * 10**6)],
)  # fmt: skip
def test_durations(text: str, wanted: int) -> None:
    assert values.duration_ns(text) == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", 'time: invalid duration "x"'),
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
    ],
)
def test_durations_that_are_none(text: str, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        values.duration_ns(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "wanted"), [("1", 10**9), ("1.5", 15 * 10**8), ("0.01", 10**7), ("1/2", 5 * 10**8), (".5", 5 * 10**8)]
)  # fmt: skip
def test_cpus(text: str, wanted: int) -> None:
    assert values.nano_cpus(text) == wanted


@pytest.mark.parametrize("text", ["x", "1/0", "", "1.2.3", "0.00000000001"])
def test_cpus_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"failed to parse|too precise"):
        values.nano_cpus(text)


@pytest.mark.parametrize(
    ("text", "wanted"), [("1", 1), ("-7", -7), ("0x1f", 31), ("017", 15), ("0b11", 3), ("1_000", 1000)]
)  # fmt: skip
def test_integers(text: str, wanted: int) -> None:
    assert values.integer(text) == wanted


@pytest.mark.parametrize("text", ["", "x", "1.5", "--1", "08", "9" * 30, "１"])
def test_integers_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^strconv\.ParseInt: parsing "):
        values.integer(text)


@pytest.mark.parametrize(
    ("text", "wanted"), [("a,b", ["a", "b"]), ('"a,b",c', ["a,b", "c"]), ('"a""b"', ['a"b']), ("", [""]), ("a,", ["a", ""])]
)  # fmt: skip
def test_fields(text: str, wanted: list[str]) -> None:
    assert values.fields(text) == wanted


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), min_size=1))
def test_quoted_fields_are_read_back(items: list[str]) -> None:
    text = ",".join('"' + one.replace('"', '""') + '"' for one in items)
    assert values.fields(text) == items


@given(st.text(max_size=10))
def test_any_text_is_a_value_or_one_kind_of_error(text: str) -> None:
    for read in (values.size_bytes, values.duration_ns, values.nano_cpus, values.integer, values.unsigned, values.boolean, values.fields):  # fmt: skip
        try:
            read(text)
        except InvalidArgument:
            continue
