import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.dockerfile.shell import Shell
from gorae.errors import SyntaxFault

ENV = {"A": "one", "EMPTY": "", "PATH": "/usr/local/lib/a.tar.gz", "S": "a  b", "STAR": "x*y"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$A ${A} $MISSING-", "one one -"),
        ("'$A' \"$A\" \\$A", "$A one $A"),
        ('"a\\"b\\$A\\n" a\\nb', 'a"b$A\\n anb'),
        ("a'b c'd \"\" e", "ab cd  e"),
        ("${MISSING:-word} ${MISSING-word} ${EMPTY:-word} ${EMPTY-word}", "word word word "),
        ("${A:+word} ${A+word} ${EMPTY:+word} ${EMPTY+word} ${MISSING+word}", "word word  word "),
        ("${A:?bad} ${EMPTY?bad}", "one "),
        ("${MISSING:-${A}-$EMPTY'q r'}", "one-q r"),
        ("${PATH#*/} ${PATH##*/}", "usr/local/lib/a.tar.gz a.tar.gz"),
        ("${PATH%.*} ${PATH%%.*}", "/usr/local/lib/a.tar /usr/local/lib/a"),
        ("${PATH/l/L} ${PATH//l/L}", "/usr/Local/lib/a.tar.gz /usr/LocaL/Lib/a.tar.gz"),
        ("${PATH//\\//-} ${PATH//\\/*}", None),
        ("${PATH//\\//-}", "-usr-local-lib-a.tar.gz"),
        ("${PATH/?sr/X} ${STAR/\\*/+} ${STAR/y/}", "/X/local/lib/a.tar.gz x+y x*"),
        ("$1 $@ $? $- $# $ $", "     $ $"),
        ("$Ab${A}b ${A}_c $A.d", "oneb one_c one.d"),
        ("a\\", "a"),
        ("ünï$A→", "ünïone→"),
    ],
)
def test_expansion(text: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(SyntaxFault):
            Shell().expand(text, ENV)
    else:
        assert Shell().expand(text, ENV) == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("${A", "syntax error: missing '}'"),
        ("${", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${:-a}", "syntax error: bad substitution"),
        ("${A:-b", "syntax error: missing '}'"),
        ("${A/b}", "syntax error: missing '/' in ${}"),
        ("${A/b/c", "syntax error: missing '}'"),
        ("${A^^}", "unsupported modifier (^) in substitution"),
        ("${A:#b}", "unsupported modifier (:#) in substitution"),
        ("${A:=b}", "unsupported modifier (:=) in substitution"),
        ("${MISSING?}", "MISSING: is not allowed to be unset"),
        ("${EMPTY:?}", "EMPTY: is not allowed to be empty"),
        ("${MISSING:?give it}", "MISSING: give it"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ('"a', "unexpected end of statement while looking for matching double-quote"),
        ("${A#\\x}", "invalid pattern (\\x) in substitution: invalid escape '\\x'"),
    ],
)
def test_what_cannot_be_expanded_is_told(text: str, sentence: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        Shell().expand(text, ENV)
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert caught.value.message == f'failed to process "{quoted}": {sentence}'


def test_words_split_where_nothing_is_quoted() -> None:
    assert Shell().words("$S '$S' \"$S\" x\\ y", ENV) == ["a", "b", "$S", "a  b", "x y"]
    assert Shell().words("  ", ENV) == []


def test_the_escape_is_that_of_the_file() -> None:
    assert Shell("`").expand("C:\\$A `$A", ENV) == "C:\\one $A"


def test_the_variables_asked_for_are_told() -> None:
    found = Shell().process("$A ${EMPTY:-$MISSING} '$QUOTED'", ENV)
    assert (found.used, found.unset) == ({"A", "EMPTY"}, {"MISSING"})


def test_unset_variables_may_stay() -> None:
    kept = Shell(keep_unset=True, raw_quotes=True)
    assert (
        kept.expand("\"$A\" $X ${X:-$A} ${X%%a} '$X'", ENV) == "\"one\" $X ${X:-one} ${X%%a} '$X'"
    )


def test_quotes_are_letters_in_a_heredoc() -> None:
    assert Shell(skip_quotes=True).expand('it\'s "$A" \\$A', ENV) == 'it\'s "one" $A'


def test_nesting_and_growth_have_limits() -> None:
    with pytest.raises(SyntaxFault, match="nested too deeply"):
        Shell().expand("${X:-" * 5000 + "a" + "}" * 5000, {})
    with pytest.raises(SyntaxFault, match="more than"):
        Shell().expand("$B$B$B", {"B": "x" * 2_000_000})


@given(st.text(alphabet="${}A:-+?#%/*\\'\"<` x\n", max_size=60))
def test_any_text_expands_or_is_refused(text: str) -> None:
    started = time.process_time()
    try:
        found = Shell().process(text, ENV)
    except SyntaxFault:
        pass
    else:
        assert "".join("".join(found.words).split()) == "".join(found.text.split())
    assert time.process_time() - started < 5
