import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire.detachkeys import DEFAULT, DetachFilter, parse


def test_the_grammar() -> None:
    assert parse("") == DEFAULT == b"\x10\x11"
    assert parse("ctrl-a,x") == b"\x01x"
    assert parse("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_") == b"\x00\x1b\x1c\x1d\x1e\x1f"


@pytest.mark.parametrize("text", ["zz", "ctrl-", "ctrl-1", "ctrl-A", "a,,b", "ctrl-aa", "é"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="Invalid escape keys"):
        parse(text)


def test_the_sequence_is_taken_out_and_ends_the_input() -> None:
    one = DetachFilter(DEFAULT)
    assert one.feed(b"ab\x10") == b"ab"
    assert not one.found
    assert one.feed(b"\x11rest") == b""
    assert one.found


def test_a_sequence_that_breaks_off_is_passed_on() -> None:
    one = DetachFilter(DEFAULT)
    assert one.feed(b"\x10") + one.feed(b"x") == b"\x10x"
    assert one.feed(b"\x10\x10\x11") == b"\x10"
    assert one.found


def test_what_is_held_back_comes_at_the_end() -> None:
    one = DetachFilter(DEFAULT)
    assert one.feed(b"a\x10") == b"a"
    assert one.flush() == b"\x10"


@given(st.binary(max_size=30).filter(lambda data: DEFAULT not in data), st.integers(1, 5))
def test_input_without_the_sequence_is_unchanged(data: bytes, width: int) -> None:
    one = DetachFilter(DEFAULT)
    out = b"".join(one.feed(data[at : at + width]) for at in range(0, len(data), width))
    assert out + one.flush() == data
