import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.compose.interpolation import expand, interpolate
from gorae.errors import InvalidArgument

ENVIRONMENT = {"A": "1", "EMPTY": "", "B": "two"}


def expanded(text: str) -> str:
    return expand(text, ENVIRONMENT, lambda name: None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "1"),
        ("${A}x", "1x"),
        ("$$A", "$A"),
        ("a$A$B", "a1two"),
        ("${NO:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NO-d}", "d"),
        ("${A:+yes}", "yes"),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("${NO:-${A}b}", "1b"),
        ("${NO:-${NO2:-deep}}", "deep"),
        ("${NO}", ""),
        ("no variables", "no variables"),
    ],
)
def test_forms(text: str, value: str) -> None:
    assert expanded(text) == value


@pytest.mark.parametrize(
    "text", ["$", "${", "${A", "${}", "${1A}", "${A!b}", "a $ b", "${NO:?say NO}", "${NO?}"]
)
def test_wrong_forms(text: str) -> None:
    with pytest.raises(InvalidArgument):
        expanded(text)


def test_a_required_variable_says_why_and_where() -> None:
    with pytest.raises(
        InvalidArgument,
        match=r"services\.web\.image: required variable TAG is missing a value: set it",
    ):
        interpolate({"services": {"web": {"image": "x:${TAG:?set it}"}}}, {}, lambda name: None)


def test_unset_variables_are_told() -> None:
    told: list[str] = []
    assert interpolate(["$NO", {"k$A": "$A"}], ENVIRONMENT, told.append) == ["", {"k$A": "1"}]
    assert told == ["NO"]


@given(st.text(alphabet="${}AB:-+?x", max_size=40))
def test_any_text_has_a_value_or_one_kind_of_error(text: str) -> None:
    try:
        expanded(text)
    except InvalidArgument:
        pass
