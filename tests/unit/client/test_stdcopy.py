"""Frames of several outputs in one stream."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.client.stdcopy import Demultiplexer
from gorae.errors import Unavailable

frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20)), max_size=6)


def written(items: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack(">BxxxI", stream, len(data)) + data for stream, data in items)


def joined(pairs: list[tuple[int, bytes]]) -> dict[int, bytes]:
    found: dict[int, bytes] = {1: b"", 2: b""}
    for stream, data in pairs:
        found[stream] += data
    return found


@given(frames, st.integers(1, 7))
def test_any_pieces_give_the_payloads(items: list[tuple[int, bytes]], step: int) -> None:
    data, one = written(items), Demultiplexer()
    found = [
        (stream, bytes(payload))
        for at in range(0, len(data), step)
        for stream, payload in one.feed(data[at : at + step])
    ]
    assert joined(found) == joined(items)


def test_a_stream_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(Unavailable):
        list(Demultiplexer().feed(b"\x09\0\0\0\0\0\0\x01x"))
