"""The build connection's frames: whole, byte by byte, and broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire import build, codec

FRAMES = [(build.JSON, 0, b'{"a":1}'), (build.DATA, 7, b"x" * 70000), (build.DATA, 7, b"")]
WIRE = build.json_frame(b'{"a":1}') + build.data_frame(7, b"x" * 70000) + build.data_frame(7, b"")


def test_whole():
    assert list(build.Frames().feed(WIRE)) == FRAMES


@given(st.lists(st.integers(1, 5000), min_size=1))
def test_in_pieces(sizes):
    frames, found, at = build.Frames(), [], 0
    for size in [*sizes, len(WIRE)]:
        found += frames.feed(WIRE[at : at + size])
        at += size
    assert found == FRAMES


@pytest.mark.parametrize("data", [b"\0\0\0\0j", b"\xff\xff\xff\xffj", b"\0\0\0\1x", b"\0\0\0\2d\0"])
def test_broken(data):
    with pytest.raises(InvalidArgument):
        list(build.Frames().feed(data))


def test_request_is_read():
    text = (
        b'{"contexts":{"":{"fd":3}},"build_args":{"A":"1","B":null},"outputs":[{"type":"image"}]}'
    )
    request = codec.decode(build.BuildRequest, text)
    assert request.contexts[""].fd == 3
    assert request.build_args == {"A": "1", "B": None}
    assert request.dockerfile.path == "Dockerfile"


def test_bad_field_is_named():
    with pytest.raises(InvalidArgument, match="tags"):
        codec.decode(build.BuildRequest, b'{"tags": 3}')
