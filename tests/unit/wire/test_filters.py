import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.wire.filters import Filters


def test_lists_and_maps_mean_the_same() -> None:
    for text in ('{"label":["a","b=c"]}', '{"label":{"a":true,"b=c":true,"d":false}}'):
        assert Filters.parse(text).values("label") == ("a", "b=c")


def test_nothing_takes_everything() -> None:
    filters = Filters.parse("")
    assert filters.exact("status", "x") and filters.labels({}) and not filters.values("y")


def test_labels_must_all_be_there_and_equal() -> None:
    filters = Filters.parse('{"label":["a","b=c"]}')
    assert filters.labels({"a": "1", "b": "c"})
    assert not filters.labels({"a": "1", "b": "cc"})
    assert not filters.labels({"b": "c"})


def test_barred_labels_may_not_be_there() -> None:
    filters = Filters.parse('{"label!":["a=1"]}')
    assert filters.without_labels({"a": "2"})
    assert not filters.without_labels({"a": "1"})


def test_a_name_that_means_nothing_here_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="invalid filter 'bad'"):
        Filters.parse('{"bad":["x"]}').check(("good",))


def test_a_flag_is_one_of_four_words() -> None:
    assert Filters.parse('{"dangling":["1"]}').flag("dangling", default=False)
    assert not Filters.parse('{"dangling":["false"]}').flag("dangling", default=True)
    with pytest.raises(InvalidArgument, match=r"invalid filter 'dangling=\[x\]'"):
        Filters.parse('{"dangling":["x"]}').flag("dangling", default=False)


@given(st.text(max_size=40))
def test_any_text_is_filters_or_refused(text: str) -> None:
    try:
        Filters.parse(text)
    except InvalidArgument as error:
        assert error.message == "invalid filter"
