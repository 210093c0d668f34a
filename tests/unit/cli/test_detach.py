"""Detach keys in what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.cli.detach import DetachFilter, parse_keys
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("ctrl-p,ctrl-q", b"\x10\x11"), ("a", b"a"), ("ctrl-@,x", b"\x00x"), ("CTRL-A,DEL", b"\x01\x7f"), ("ctrl-\\", b"\x1c")],
)  # fmt: skip
def test_keys(text: str, wanted: bytes) -> None:
    assert parse_keys(text) == wanted


@pytest.mark.parametrize("text", ["bad", "ctrl-", "ctrl-1", ",", "ctrl-ab"])
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match="Unknown character"):
        parse_keys(text)


def feed(pieces: list[bytes]) -> tuple[bytes, bool]:
    one, out = DetachFilter(), b""
    for piece in pieces:
        data, done = one.feed(piece)
        out += data
        if done:
            return out, True
    return out, False


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [(b"ab\x10\x11cd", (b"ab", True)), (b"\x10x", (b"\x10x", False)), (b"\x10\x10\x11", (b"\x10", True)), (b"\x11\x10", (b"\x11", False))],
)  # fmt: skip
def test_the_sequence_is_found(typed: bytes, wanted: tuple[bytes, bool]) -> None:
    assert feed([typed]) == wanted


@given(st.lists(st.sampled_from([b"\x10", b"\x11", b"a"]), max_size=12))
def test_pieces_or_the_whole_give_the_same(pieces: list[bytes]) -> None:
    assert feed(pieces) == feed([b"".join(pieces)])
