"""The grammar of command lines: docker's (pflag's), by table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.cli.errors import UsageFault
from gorae.cli.options import Command, HelpWanted, Option, Values, parse, scan
from gorae.errors import InvalidArgument

OPTIONS = (
    Option("i interactive", "bool", "keep stdin open"),
    Option("t tty", "bool", "a terminal"),
    Option("rm", "bool", "remove"),
    Option("e env", "list", "environment"),
    Option("n name", "string", "name"),
    Option("c cpus", "int", "count"),
    Option("l labels", "strings", "labels"),
    Option("time", "int", "older name", into="cpus", instead="--cpus"),
)
TABLE = {one.name: one for one in OPTIONS}


def read(*words: str, interspersed: bool = False) -> tuple[Values, list[str]]:
    return scan(TABLE, words, interspersed)


@pytest.mark.parametrize(
    ("words", "wanted", "rest"),
    [
        (("-it", "img"), {"interactive": True, "tty": True}, ["img"]),
        (("-ite", "A=1", "img"), {"interactive": True, "tty": True, "env": ["A=1"]}, ["img"]),
        (("-eA=1",), {"env": ["A=1"]}, []),
        (("-e=A=1",), {"env": ["A=1"]}, []),
        (("--env=A=1", "--env", "B"), {"env": ["A=1", "B"]}, []),
        (("--rm=false", "-t=0"), {"rm": False, "tty": False}, []),
        (("--rm", "false"), {"rm": True}, ["false"]),
        (("-nx", "-n", "y"), {"name": "y"}, []),
        (("--name=",), {"name": ""}, []),
        (("--", "-it"), {}, ["-it"]),
        (("img", "-it"), {}, ["img", "-it"]),
        (("-", "-i"), {}, ["-", "-i"]),
        (("-l", "a,b", "-l", '"c,d"'), {"labels": ["a", "b", "c,d"]}, []),
        (("-c", "0x10"), {"cpus": 16}, []),
        (("--time", "3"), {"cpus": 3}, []),
    ],
)
def test_words_to_values(
    words: tuple[str, ...], wanted: dict[str, object], rest: list[str]
) -> None:
    values, positionals = read(*words)
    assert {name: values.any(name) for name in wanted} == wanted
    assert {one.name for one in OPTIONS if values.changed(one.name)} == set(wanted)
    assert positionals == rest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--nosuch",), "unknown flag: --nosuch"),
        (("--nosuch=1",), "unknown flag: --nosuch"),
        (("-x",), "unknown shorthand flag: 'x' in -x"),
        (("-ixt",), "unknown shorthand flag: 'x' in -ixt"),
        (("--name",), "flag needs an argument: --name"),
        (("-in",), "flag needs an argument: 'n' in -in"),
        (("---",), "bad flag syntax: ---"),
        (("--=x",), "bad flag syntax: --=x"),
        (("--rm=maybe",), 'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax'),
        (("-c", "x"), 'invalid argument "x" for "-c, --cpus" flag: strconv.ParseInt: parsing "x": invalid syntax'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_pflag_says_it(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(*words)
    assert str(caught.value) == sentence


def test_options_between_positionals_count_where_the_command_has_it_so() -> None:
    values, positionals = read("a", "-i", "b", "--", "-t", interspersed=True)
    assert values.flag("interactive")
    assert not values.flag("tty")
    assert positionals == ["a", "b", "-t"]


def test_a_name_on_its_way_out_is_told() -> None:
    values, _ = read("--time", "3")
    assert values.notices == ["Flag --time has been deprecated, use --cpus instead"]


COMMAND = Command(
    "x run", "[OPTIONS] IMAGE [ARG...]", "run", lambda _: 0, OPTIONS, arguments=(1, None)
)


@pytest.mark.parametrize(("words", "code", "first"), [
    ((), 1, "gorae: 'gorae x run' requires at least 1 argument"),
    (("--nosuch",), 125, "unknown flag: --nosuch"),
])  # fmt: skip
def test_usage_faults_bear_dockers_status(words: tuple[str, ...], code: int, first: str) -> None:
    with pytest.raises(UsageFault) as caught:
        parse(COMMAND, words, "gorae x run")
    assert caught.value.exit_code == code
    assert str(caught.value).splitlines()[0] == first
    assert "Usage:  gorae x run [OPTIONS] IMAGE [ARG...]" in str(caught.value)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_wanted(word: str) -> None:
    with pytest.raises(HelpWanted):
        parse(COMMAND, [word, "x"], "gorae x run")


text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(st.lists(text, max_size=8))
def test_any_words_give_values_or_one_kind_of_error(words: list[str]) -> None:
    try:
        values, positionals = read(*words)
    except (InvalidArgument, HelpWanted):
        return
    assert len(positionals) <= len(words)
    assert isinstance(values.items("env"), list)


@given(st.lists(text, max_size=5), st.lists(text, max_size=4), text, st.booleans())
def test_what_is_written_out_is_read_back(
    envs: list[str], rest: list[str], name: str, tty: bool
) -> None:
    words = [f"--env={one}" for one in envs] + [
        f"--tty={str(tty).lower()}",
        "-n",
        name,
        "--",
        *rest,
    ]
    values, positionals = read(*words)
    assert (values.items("env"), values.text("name")) == (envs, name)
    assert values.flag("tty") is tty
    assert positionals == rest
