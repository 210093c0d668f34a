import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.dockerfile.pattern import remove_head, remove_tail, replace_match
from gorae.errors import SyntaxFault

VALUES = st.text(alphabet="ab/\n", max_size=12)
PATTERNS = st.text(alphabet="ab/*?\n", max_size=6)


def regex(pattern: str) -> str:
    return "".join({"*": "[^\n]*", "?": "[^\n]"}.get(char, re.escape(char)) for char in pattern)


@given(VALUES, PATTERNS)
def test_heads_and_tails_are_the_shortest_and_longest(value: str, pattern: str) -> None:
    whole = re.compile(regex(pattern))
    heads = [at for at in range(len(value) + 1) if whole.fullmatch(value[:at])]
    tails = [at for at in range(len(value) + 1) if whole.fullmatch(value[at:])]
    assert remove_head(value, pattern, longest=False) == value[min(heads, default=0) :]
    assert remove_head(value, pattern, longest=True) == value[max(heads, default=0) :]
    assert remove_tail(value, pattern, longest=False) == value[: max(tails, default=len(value))]
    assert remove_tail(value, pattern, longest=True) == value[: min(tails, default=len(value))]


@given(VALUES, PATTERNS)
def test_the_first_match_is_the_leftmost_and_longest(value: str, pattern: str) -> None:
    found = re.search(regex(pattern), value)
    wanted = value if found is None else value[: found.start()] + "X" + value[found.end() :]
    assert replace_match(value, pattern, "X", everywhere=False) == wanted


@pytest.mark.parametrize(
    ("value", "pattern", "new", "wanted"),
    [
        ("foobar", "o", "0", "f00bar"),
        ("foobar", "", "-", "-f-o-o-b-a-r-"),
        ("foobar", "?", "<$0>", "<f><o><o><b><a><r>"),
        ("foobar", "o*", "$1$$${0}", "f$oobar"),
        ("a/b/c", "\\/", ".", "a.b.c"),
        ("aXbX", "X", "", "ab"),
    ],
)
def test_all_matches(value: str, pattern: str, new: str, wanted: str) -> None:
    assert replace_match(value, pattern, new, everywhere=True) == wanted


def test_no_pattern_is_slow() -> None:
    started = time.process_time()
    assert remove_head("a" * 60_000, "*a" * 1000 + "b", longest=True) == "a" * 60_000
    replace_match("ab\n" * 20_000, "a*", "x", everywhere=True)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("pattern", ["a\\b", "a\\"])
def test_an_escape_needs_a_wildcard(pattern: str) -> None:
    with pytest.raises(SyntaxFault, match="invalid escape"):
        remove_head("x", pattern, longest=False)


def test_sizes_are_bounded() -> None:
    with pytest.raises(SyntaxFault, match="the most are"):
        remove_head("x" * 100_000, "*", longest=False)
