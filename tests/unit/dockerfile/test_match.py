import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.dockerfile.match import Glob, compile_deep, compile_match, has_wildcards
from gorae.errors import SyntaxFault


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/c/b", False),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", False),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "ab", False),
        ("a?b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("[a-ζ]*", "α", True),
        ("*[a-ζ]", "A", False),
        ("a?b", "a/b", False),
        ("[\\]a]", "]", True),
        ("[\\-x]", "-", True),
        ("[x\\-]", "z", False),
        ("*x", "xxx", True),
        ("[!a]", "!", True),
        ("[b-a]", "b", False),
        ("[^b-a]", "b", True),
        ("**", "a/b", False),
    ],
)
def test_the_rules_of_go(pattern: str, text: str, wanted: bool) -> None:
    assert compile_match(pattern).matches(text) is wanted


@pytest.mark.parametrize(
    "pattern", ["[]a]", "[-]", "[x-]", "[-x]", "[", "[^", "[^bc", "a[", "a\\", "[\\", "x]["]
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(SyntaxFault, match="syntax error in pattern"):
        compile_match(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("**", "a/b", True),
        ("**/foo", "foo", True),
        ("**/foo", "a/b/foo", True),
        ("**/foo", "afoo", False),
        ("**foo", "a/bfoo", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a**", "abc/d", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("**/*.go", "x/y.go", True),
        ("**/*.go", ".go", True),
        ("**/a/**/b", "z/a/c/d/b", True),
        ("a/*/**/c", "a/b/c", True),
        ("a/*/**/c", "a/c", False),
        ("dir/**/*.[ch]", "dir/a/b.h", True),
    ],
)
def test_two_stars_cross_folders(pattern: str, text: str, wanted: bool) -> None:
    assert compile_deep(pattern).matches(text) is wanted


@given(
    st.text(alphabet="ab/*?[]^-\\", max_size=10),
    st.text(alphabet="ab/^-\n", max_size=10),
)
def test_the_regex_and_the_automaton_agree(pattern: str, text: str) -> None:
    for compile_pattern in (compile_match, compile_deep):
        try:
            glob = compile_pattern(pattern)
        except SyntaxFault:
            continue
        if glob.regex is not None:
            assert glob.matches(text) is Glob(glob.elements)._automaton(text)


def test_many_runs_stay_fast() -> None:
    started = time.process_time()
    glob = compile_deep("**/*a" * 60 + "/x")
    assert not glob.matches("/".join(["a" * 30] * 100))
    assert time.process_time() - started < 5


def test_wildcards_are_seen_unless_escaped() -> None:
    assert [has_wildcards(one) for one in ("a", "a*", "a\\*", "a\\\\*", "[", "\\?")] == [
        False, True, False, True, True, False,
    ]  # fmt: skip
