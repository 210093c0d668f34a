"""WWW-Authenticate fields, as registries send them and as nobody should."""

from hypothesis import given
from hypothesis import strategies as st

from gorae.registry.challenge import Challenge, parse

BEARER = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/a:pull,push"'
TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789-_", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
PARAMETERS = st.dictionaries(TOKEN.map(str.lower), VALUE, min_size=1, max_size=4)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_of_a_hub() -> None:
    (one,) = parse(BEARER)
    assert one.scheme == "bearer"
    assert one.parameters["realm"] == "https://auth.docker.io/token"
    assert one.parameters["scope"] == "repository:library/a:pull,push"


def test_several_in_one_field() -> None:
    found = parse('Negotiate abc==, Basic realm="x", Bearer realm = y , error="insufficient_scope"')
    assert [one.scheme for one in found] == ["negotiate", "basic", "bearer"]
    assert found[1].parameters == {"realm": "x"}
    assert found[2].parameters == {"realm": "y", "error": "insufficient_scope"}


def test_a_comma_inside_quotes_parts_nothing() -> None:
    assert parse('Basic realm="a, Bearer realm=b"') == [
        Challenge("basic", {"realm": "a, Bearer realm=b"})
    ]


def test_the_first_of_two_equal_parameters_counts() -> None:
    assert parse('Basic realm="a", realm="b"')[0].parameters == {"realm": "a"}


def test_what_is_broken_is_passed_over() -> None:
    assert parse("") == []
    assert parse(",,, ,") == []
    assert parse('Bearer realm="unended') == [Challenge("bearer")]
    assert parse('=x, Basic realm="r"')[-1].parameters == {"realm": "r"}


@given(st.lists(st.tuples(TOKEN, PARAMETERS), min_size=1, max_size=3))
def test_what_is_written_by_the_grammar_is_read(
    challenges: list[tuple[str, dict[str, str]]],
) -> None:
    text = ", ".join(
        f"{scheme} " + ",".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in challenges
    )
    assert parse(text) == [
        Challenge(scheme.lower(), parameters) for scheme, parameters in challenges
    ]


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    for one in parse(text):
        assert one.scheme == one.scheme.lower()


def test_a_long_field_is_cut_short() -> None:
    assert len(parse("Basic a=b, " * 100_000)) < 20_000
