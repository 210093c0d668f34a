"""Volumes' directories: filled whole or not at all, whenever the daemon dies."""

from pathlib import Path

import pytest

from gorae.errors import Conflict, InvalidArgument
from gorae.store.volumes import VolumeDirectories


@pytest.fixture
def volumes(tmp_path: Path) -> VolumeDirectories:
    return VolumeDirectories(tmp_path / "volumes")


def gathered(volumes: VolumeDirectories, name: str) -> Path:
    """Content waiting to be put in place."""
    path = volumes.filling(name)
    path.mkdir()
    (path / "a").write_text("1")
    (path / "sub").mkdir()
    (path / "sub" / "b").write_text("2")
    path.chmod(0o750)
    return path


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", "/etc", ".bin-1", "a\0b"])
def test_a_name_leads_nowhere_else(volumes: VolumeDirectories, name: str) -> None:
    with pytest.raises(InvalidArgument):
        volumes.create(name)
    with pytest.raises(InvalidArgument):
        volumes.remove(name)


def test_content_comes_by_one_rename(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    gathered(volumes, "v")
    volumes.place("v")
    assert (data / "sub" / "b").read_text() == "2"
    assert data.stat().st_mode & 0o777 == 0o750
    assert sorted(one.name for one in data.parent.iterdir()) == ["_data"]


def test_a_volume_that_was_filled_meanwhile_is_left_alone(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    gathered(volumes, "v")
    (data / "mine").touch()
    with pytest.raises(Conflict):
        volumes.place("v")
    assert [one.name for one in data.iterdir()] == ["mine"]


def test_in_place_the_directory_stays_the_same(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    inode = data.stat().st_ino
    gathered(volumes, "v")
    volumes.place("v", in_place=True)
    assert data.stat().st_ino == inode
    assert sorted(one.name for one in data.iterdir()) == ["a", "sub"]
    assert data.stat().st_mode & 0o777 == 0o750


def test_below_a_subpath(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    (data / "in").mkdir()
    gathered(volumes, "v")
    volumes.place("v", "in")
    assert (data / "in" / "a").read_text() == "1"


def test_killed_while_gathering_nothing_is_left(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    gathered(volumes, "v")
    assert volumes.recover() == 1
    assert list(data.iterdir()) == []
    assert sorted(one.name for one in data.parent.iterdir()) == ["_data"]


def test_killed_while_putting_in_place_the_rest_follows(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    path = gathered(volumes, "v")
    path.rename(data.parent / ".ready")
    (data.parent / ".ready-path").write_text("")
    (data.parent / ".ready" / "a").rename(data / "a")
    assert volumes.recover() == 1
    assert sorted(one.name for one in data.iterdir()) == ["a", "sub"]
    assert sorted(one.name for one in data.parent.iterdir()) == ["_data"]


def test_into_the_bin_and_back(volumes: VolumeDirectories) -> None:
    data = volumes.create("v")
    (data / "f").write_text("kept")
    volumes.put_in_bin("v", "t0")
    assert not data.exists()
    assert volumes.bin_tokens() == {"t0"}
    assert volumes.names() == set()
    assert (volumes.take_from_bin("t0", "w") / "f").read_text() == "kept"
    volumes.put_in_bin("w", "t1")
    volumes.empty_bin("t1")
    assert volumes.bin_tokens() == set()
    assert volumes.removed() == []
