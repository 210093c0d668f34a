import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.dockerfile import ignore
from gorae.dockerfile.ignore import ROOT, Ignore
from gorae.errors import SyntaxFault


def rules(*lines: str) -> Ignore:
    return ignore.parse("\n".join(lines).encode())


def walked(found: Ignore, path: str) -> bool:
    """The verdict as a walk gives it: folder by folder."""
    state, ignored = ROOT, False
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        ignored, state = found.step("/".join(parts[:depth]), state)
    return ignored


@pytest.mark.parametrize(
    ("lines", "path", "ignored", "line"),
    [
        (["*.md"], "a.md", True, 1),
        (["*.md"], "d/a.md", False, 0),
        (["**/*.md"], "d/a.md", True, 1),
        (["# c", "", "  node_modules/  "], "node_modules/x/y", True, 3),
        (["/a/../b//c/."], "b/c", True, 1),
        (["*", "!src"], "src/a.py", False, 2),
        (["*", "!src", "src/*.pyc"], "src/a.pyc", True, 3),
        (["*.md", "!README*.md", "README-secret.md"], "README-secret.md", True, 3),
        (["*.md", "README-secret.md", "!README*.md"], "README-secret.md", False, 3),
        (["d", "!d/keep"], "d/keep/x", False, 2),
        (["d", "!d/keep"], "d/other", True, 1),
        (["!a"], "a", False, 0),
        (["d", "!d/x", "d"], "d/x", False, 2),
        (["a*"], "b/a", False, 0),
        (["  # not a comment"], "# not a comment", True, 1),
        (["."], "a", False, 0),
        (["/"], "a", False, 0),
        (["..", "../x"], "x", False, 0),
        (["a b"], "a b", True, 1),
        (["a\\*"], "a*", True, 1),
        (["a\\*"], "ab", False, 0),
        (["!!a", "!a"], "!a", False, 0),
        (["\ufeffx"], "x", True, 1),
        (["**"], "any/thing", True, 1),
        (["*.log\r"], "a.log", True, 1),
    ],
)
def test_verdicts_and_the_line_that_decided(
    lines: list[str], path: str, ignored: bool, line: int
) -> None:
    found = rules(*lines)
    verdict = found.match(path)
    assert (verdict.ignored, verdict.line) == (ignored, line)
    assert walked(found, path) is ignored


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("!", 'illegal exclusion pattern: "!"'), ("a[", 'syntax error in pattern: "a["')],
)
def test_bad_patterns_name_their_line(line: str, sentence: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        rules("ok", line)
    assert (caught.value.message, caught.value.line) == (sentence, 2)


LINES = st.lists(
    st.tuples(st.booleans(), st.text(alphabet="ab/*", min_size=1, max_size=6)).map(
        lambda one: ("!" if one[0] else "") + one[1]
    ),
    max_size=6,
)
PATHS = st.lists(st.text(alphabet="ab", min_size=1, max_size=2), min_size=1, max_size=4).map(
    "/".join
)


@given(LINES, PATHS)
def test_walking_and_asking_agree(lines: list[str], path: str) -> None:
    found = rules(*lines)
    verdict = found.match(path)
    assert walked(found, path) is verdict.ignored
    if verdict.rule is not None:
        assert verdict.rule.keeps is not verdict.ignored


@given(LINES, PATHS, PATHS)
def test_a_folder_that_is_not_entered_hides_nothing(
    lines: list[str], folder: str, rest: str
) -> None:
    found = rules(*lines)
    if found.match(folder).ignored and not found.may_keep_below(folder):
        assert found.match(f"{folder}/{rest}").ignored


def test_twenty_thousand_paths_are_fast() -> None:
    found = rules(
        "**/*.pyc", "**/__pycache__", ".git", "dist/**", "*.log", "docs/*.md", "!docs/a.md"
    )
    started = time.process_time()
    taken = 0
    for folder in range(200):
        _, state = found.step(f"d{folder}")
        for number in range(100):
            taken += not found.step(f"d{folder}/file{number}.py", state)[0]
    assert taken == 20_000
    assert time.process_time() - started < 5


def test_a_flag_takes_the_same_patterns() -> None:
    found = ignore.of_patterns(["*.tmp", "!keep.tmp"])
    assert (found.match("a.tmp").ignored, found.match("keep.tmp").ignored) == (True, False)
