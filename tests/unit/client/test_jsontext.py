"""JSON without the `json` package: the same values, the same text as Go writes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.client import jsontext
from gorae.errors import Unavailable

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_what_the_library_writes_is_read(value: object) -> None:
    assert jsontext.decode(json.dumps(value)) == value
    assert jsontext.decode(json.dumps(value, indent=3).encode()) == value


@given(values)
def test_what_is_written_the_library_reads(value: object) -> None:
    assert json.loads(jsontext.encode(value)) == value
    assert json.loads(jsontext.encode(value, indent=4, sort_keys=True)) == value
    assert json.loads(jsontext.encode(value, html=True)) == value


@given(st.lists(values, max_size=5), st.integers(0, 40))
def test_a_stream_gives_its_values_wherever_it_is_cut(items: list[object], cut: int) -> None:
    text = "".join(json.dumps(one) + "\r\n" for one in items)
    first, rest = jsontext.decode_many(text[:cut])
    second, left = jsontext.decode_many(rest + text[cut:])
    # A number that ends at the cut may be read short: streams carry objects.
    if all(isinstance(one, (dict, list)) for one in items):
        assert first + second == items
        assert left == ""


@pytest.mark.parametrize("text", ["", "{", "nope", "1 2", '{"a":}', "\xff"])
def test_what_is_no_json_is_the_daemons_fault(text: str) -> None:
    with pytest.raises(Unavailable, match="the daemon's answer"):
        jsontext.decode(text)


def test_text_is_gos() -> None:
    assert jsontext.encode({"a": [], "b": {}, "é": "<&>"}, indent=4) == (
        '{\n    "a": [],\n    "b": {},\n    "é": "<&>"\n}'
    )
    assert jsontext.encode(["<&>"], html=True) == '["\\u003c\\u0026\\u003e"]'
