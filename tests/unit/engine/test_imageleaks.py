"""What became of a layer's file, and which instruction made which layer."""

import os

import pytest

from gorae.engine.imageleaks import fate, layer_lines
from gorae.oci.config import History, ImageConfig
from gorae.oci.digest import DiffId


@pytest.fixture
def later(tmp_path):
    """Two layers that say nothing of it, and one that can be filled."""
    fds = []
    for name in ("1", "2", "3"):
        (tmp_path / name / "app").mkdir(parents=True)
        fds.append(os.open(tmp_path / name, os.O_RDONLY | os.O_DIRECTORY))
    yield fds
    for fd in fds:
        os.close(fd)


def test_a_file_that_stays(later, tmp_path):
    (tmp_path / "2/app/other").touch()
    assert fate(later, "app/.env") == (0, "")
    assert fate(later, "elsewhere/.env") == (0, "")
    assert fate([], "app/.env") == (0, "")


def test_a_file_that_is_replaced(later, tmp_path):
    (tmp_path / "3/app/.env").touch()
    assert fate(later, "app/.env") == (3, "replaced")


def test_a_folder_that_became_a_link_is_never_followed(later, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/.env").touch()
    (tmp_path / "2/app").rmdir()
    (tmp_path / "2/app").symlink_to(tmp_path / "outside")
    assert fate(later, "app/.env") == (2, "deleted")


@pytest.mark.parametrize(
    ("history", "lines"),
    [
        ([("a", False), ("b", True), ("c", False)], ["a", "c"]),
        ([("c", False)], ["", "c"]),
        ([], ["", ""]),
        ([("a", False), ("b", False), ("c", False)], ["b", "c"]),
    ],
)
def test_layers_get_the_lines_that_made_them(history, lines):
    made = ImageConfig.make(
        architecture="amd64",
        os="linux",
        diff_ids=(DiffId("sha256:" + "1" * 64), DiffId("sha256:" + "2" * 64)),
        history=[History(created_by=text, empty_layer=empty) for text, empty in history],
    )
    assert layer_lines(made) == lines
