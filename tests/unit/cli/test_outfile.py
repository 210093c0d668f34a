"""Files are written whole or not at all; what is no file is never renamed over."""

import os
from pathlib import Path

import pytest

from gorae.cli import outfile
from gorae.errors import InvalidArgument


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_text("old")
    outfile.write_text(str(path), "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_devices_pipes_and_links_are_not_replaced(tmp_path: Path) -> None:
    pipe, link, plain = tmp_path / "pipe", tmp_path / "link", tmp_path / "plain"
    os.mkfifo(pipe)
    link.symlink_to(plain)
    assert outfile.special(str(pipe)) == "a named pipe (FIFO)"
    assert outfile.special(str(link)) == "a symbolic link directly"
    assert outfile.special("/dev/null") == "a character device file"
    assert outfile.special(str(plain)) == ""
    with pytest.raises(InvalidArgument, match="cannot write to a character device file"):
        outfile.refuse_special("/dev/null")


def test_what_is_no_file_is_written_through(tmp_path: Path) -> None:
    link, plain = tmp_path / "link", tmp_path / "plain"
    link.symlink_to(plain)
    outfile.write_text(str(link), "x")
    assert link.is_symlink()
    assert plain.read_text() == "x"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "id"
    with pytest.raises(InvalidArgument, match=f'cannot write "{path}": no such file or directory'):
        outfile.write_text(str(path), "x")
