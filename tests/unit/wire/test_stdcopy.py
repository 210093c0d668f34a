import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire import stdcopy

frames = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=40)), max_size=8)


def joined(pieces: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Neighbours of one stream as one, nothing empty."""
    found: list[tuple[int, bytes]] = []
    for stream, data in pieces:
        if found and found[-1][0] == stream:
            found[-1] = (stream, found[-1][1] + data)
        elif data:
            found.append((stream, data))
    return found


def test_a_frame_is_eight_bytes_and_the_payload() -> None:
    assert stdcopy.frame(2, b"err\n") == b"\x02\0\0\0\0\0\0\x04err\n"


@given(frames)
def test_whole_equals_byte_by_byte(parts: list[tuple[int, bytes]]) -> None:
    data = b"".join(stdcopy.frame(stream, payload) for stream, payload in parts)
    whole, single = stdcopy.Demultiplexer(), stdcopy.Demultiplexer()
    at_once = list(whole.feed(data))
    slowly = [piece for byte in data for piece in single.feed(bytes([byte]))]
    assert joined(at_once) == joined(slowly) == joined(parts)
    assert whole.complete and single.complete


@given(st.binary(max_size=64))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        payload = sum(len(piece) for _, piece in stdcopy.Demultiplexer().feed(data))
    except InvalidArgument:
        return
    assert payload <= len(data)


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="unrecognized stream: 9"):
        list(stdcopy.Demultiplexer().feed(b"\x09\0\0\0\0\0\0\x01x"))
