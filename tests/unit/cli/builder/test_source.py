"""A Dockerfile's bytes on their way to the daemon."""

import os
from pathlib import Path

import pytest

from gorae.cli.builder import source
from gorae.errors import InvalidArgument


def test_comments_may_hold_any_bytes() -> None:
    assert source.utf8_text(b"FROM x\n # \xe9\nRUN y", "D") == "FROM x\n # \ufffd\nRUN y"


def test_a_line_that_is_not_utf8_is_named() -> None:
    with pytest.raises(InvalidArgument, match="D:2: the line is not UTF-8 text"):
        source.utf8_text(b"FROM x\nENV A=\xe9", "D")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "Dockerfile"
    os.mkfifo(pipe)
    with pytest.raises(InvalidArgument, match="is not a file"):
        source.read_if_there(str(pipe))
    with pytest.raises(InvalidArgument, match="is a folder, not a file"):
        source.read_if_there(str(tmp_path))
    assert source.read_if_there(str(tmp_path / "none")) is None
