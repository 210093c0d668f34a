"""What a failed build says at its end."""

from gorae.cli.builder import failure
from gorae.cli.builder.board import Board

FAILED = {"message": "it failed", "excerpt": "Dockerfile:1\n----\n", "vertex": "v"}


def board() -> Board:
    found = Board()
    found.update({"vertexes": [{"digest": "v", "name": "[1/1] RUN x"}]})
    return found


def test_the_last_lines_the_place_and_the_sentence():
    lines = failure.text(FAILED, board(), with_log=True).split("\n")
    assert lines == [
        failure.RULE, " > [1/1] RUN x:", failure.RULE, "Dockerfile:1", "----",
        "ERROR: failed to build: failed to solve: it failed",
    ]  # fmt: skip


def test_the_shell_is_named_where_one_can_be_opened():
    lines = failure.text({**FAILED, "shell": "id"}, board(), with_log=True).split("\n")
    assert lines[-1] == failure.SHELL and "gorae build shell" in failure.SHELL


def test_differences_stand_by_layer():
    rows = [
        (1, "RUN a", "/x", "content", "1", "2"),
        (1, "RUN a", "/y", "xattrs", "", ""),
        (2, "RUN b", "/z", "missing", "there", "not there"),
        (3, "RUN c", "", "order", "", ""),
        (0, "", "", "created", "then", "later"),
        (0, "", "history", "config", "", ""),
    ]
    names = ("layer", "step", "path", "attribute", "first", "second")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    document = {
        "message": "m",
        "solve": False,
        "differences": found,
        "only_times": True,
        "more": True,
    }
    lines = failure.text(document, board(), with_log=True).split("\n")
    assert lines == [
        "layer 1: RUN a", "  /x  content  1 / 2", "  /y  xattrs",
        "layer 2: RUN b", "  /z  there the first time, not there the second",
        "layer 3: RUN c", "  the order of its files, or which are links of each other, differs",
        "the image's config:", "  created  then, then later", "  history  differs",
        "and more", failure.ONLY_TIMES, "ERROR: failed to build: m",
    ]  # fmt: skip
