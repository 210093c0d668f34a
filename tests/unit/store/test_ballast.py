"""Room kept aside: taken, given up, taken again as large as it fits."""

import os
from pathlib import Path

import pytest

from gorae.store import ballast
from gorae.store.ballast import SIZE_BYTES, SMALLEST_BYTES, Ballast


def test_taken_and_given(tmp_path: Path) -> None:
    one = Ballast(tmp_path / "b")
    assert not one.give(), "there is none yet"
    one.take()
    assert (tmp_path / "b").stat().st_blocks * 512 >= SIZE_BYTES
    assert one.give()
    assert not (tmp_path / "b").exists()
    assert not one.give()


def test_as_much_as_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.posix_fallocate

    def narrow(fd: int, offset: int, size: int) -> None:
        if size > SMALLEST_BYTES:
            raise OSError("no space")
        real(fd, offset, size)

    monkeypatch.setattr(ballast.os, "posix_fallocate", narrow)
    Ballast(tmp_path / "b").take()
    assert (tmp_path / "b").stat().st_size == SMALLEST_BYTES
    assert Ballast(tmp_path / "b").give()


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    one = Ballast(tmp_path / "none" / "b")
    one.take()
    assert not one.give()
