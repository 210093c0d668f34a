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
