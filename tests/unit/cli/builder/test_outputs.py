"""Exported streams on their way to a file: whole or not at all."""

import contextlib
from pathlib import Path
from typing import cast

import pytest

from gorae.cli.builder import outputs
from gorae.cli.console import Console

NOBODY = cast("Console", None)


def test_a_stream_that_ends_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.tar"
    path.write_bytes(b"old")
    with contextlib.ExitStack() as closing:
        take = outputs.sink({"type": "tar", "dest": str(path)}, NOBODY, closing)
        take(b"new")
        assert path.read_bytes() == b"old"
        take(b"")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stream_that_is_broken_off_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.tar"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), contextlib.ExitStack() as closing:
        outputs.sink({"type": "oci", "dest": str(path)}, NOBODY, closing)(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
