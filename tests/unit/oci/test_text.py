import pytest

from gorae.errors import InvalidArgument
from gorae.oci.text import load, load_list, want


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "x is not JSON: nested too deeply"),
        ("[1]".encode("utf-16"), "x is not JSON: byte 0 is no UTF-8"),
        (b'["\xff"]', "x is not JSON: byte 2 is no UTF-8"),
        (b"[1,\n2", "x is not JSON: line 2, column 2: expecting"),
        (b"[NaN]", "x is not JSON: a number that is none, or too long"),
        (b"[" + b"1" * 10_000 + b"]", "x is not JSON: a number that is none, or too long"),
        (b"{}", "x: wanted an array, found an object"),
        (b"null", "x: wanted an array, found null"),
    ],
)
def test_what_is_no_list(data: bytes, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        load_list(data, "x")
    assert caught.value.message.startswith(words)


def test_kinds_are_named_as_json_does() -> None:
    document = load(b'{"a": 1, "b": [true]}', "x")
    assert want(document, "b", list, "x") == [True]
    with pytest.raises(InvalidArgument, match='"a" wants a string, found a number'):
        want(document, "a", str, "x")
