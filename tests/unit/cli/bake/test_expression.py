import pytest

from gorae.cli.bake.expression import Scope, evaluate, template
from gorae.cli.bake.functions import FUNCTIONS
from gorae.errors import InvalidArgument

NAMES = {"TAG": "v1", "N": 3, "L": ["a", "b"], "M": {"x": {"y": [10, 20]}}, "E": ""}


def look_up(name: str) -> object:
    if name not in NAMES:
        raise InvalidArgument(f'there is no variable named "{name}"')
    return NAMES[name]


SCOPE = Scope(look_up, FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("N % 2 == 1 && !false", True),
        ('TAG == "v1" ? "yes" : "no"', "yes"),
        ('"a${TAG}b"', "av1b"),
        ('"${N}"', 3),
        ('"$${TAG}"', "${TAG}"),
        ('"x${N > 2 ? "big" : "small"}"', "xbig"),
        ("M.x.y[1]", 20),
        ('M["x"]', {"y": [10, 20]}),
        ("[for v in L : upper(v)]", ["A", "B"]),
        ('[for i, v in L : "${i}${v}" if v != "a"]', ["1b"]),
        ("{for v in L : v => N}", {"a": 3, "b": 3}),
        ("{ a = 1, b : 2 }", {"a": 1, "b": 2}),
        ('join("-", L)', "a-b"),
        ("max(L...)", "b"),
        ("[for v in [] : v]", []),
        ('equal("", E) ? null : E', None),
        ("-N + 1", -2),
        ('regex_replace("a1b2", "[0-9]", "")', "ab"),
        ('format("%s:%d", TAG, N)', "v1:3"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "NOSUCH",
        "nosuch(1)",
        "L[9]",
        "M.z",
        '"a',
        "1 2",
        '"${"',
        "__import__",
        "1 / 0",
        "(" * 500,
    ],
)
def test_what_has_no_value_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(InvalidArgument):
        evaluate(text, SCOPE)


def test_a_template_of_one_expression_keeps_its_type() -> None:
    assert template("${L}", SCOPE) == ["a", "b"]
    assert template("x${N}", SCOPE) == "x3"
