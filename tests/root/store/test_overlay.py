"""Snapshots on overlayfs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.suites.snapshotter_suite import SnapshotterSuite

from gorae.errors import NotFound
from gorae.store.db import Database
from gorae.store.overlay import OverlaySnapshotter
from gorae.store.snapshot import Snapshotter

pytestmark = pytest.mark.root


class TestOverlay(SnapshotterSuite):
    """The suite, and what is overlay's own."""

    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> Iterator[None]:
        self._db = Database(tmp_path / "gorae.db")
        self._root = tmp_path / "snapshots"
        self._snapshots = OverlaySnapshotter(self._root, self._db)
        self._place = tmp_path / "place"
        self._place.mkdir()
        yield
        self._db.close()

    def snapshots(self) -> Snapshotter:
        return self._snapshots

    def place(self) -> Path:
        return self._place

    def test_a_directory_without_a_row_is_garbage(self) -> None:
        base = self.layer("base", "", a="1")
        (self._root / "99" / "fs").mkdir(parents=True)
        assert [one.name for one in self._snapshots.garbage()] == ["99"]
        assert self._snapshots.discard_garbage() == 1
        assert self._snapshots.exists(base) and self.seen_through(base) == {"a": "1"}

    def seen_through(self, key: str) -> dict[str, str]:
        self._snapshots.view("look", key)
        try:
            return self.seen("look")
        finally:
            self._snapshots.remove("look")

    def test_a_number_is_never_used_twice(self) -> None:
        """A mount of a removed one may still be about to go."""
        self._snapshots.prepare("a", "")
        first = self._snapshots.upper("a").parent.name
        self._snapshots.remove("a")
        self._snapshots.prepare("b", "")
        assert int(self._snapshots.upper("b").parent.name) > int(first)

    def test_what_cannot_be_made_leaves_no_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.layer("base", "", a="1")
        monkeypatch.setattr(os, "chown", _full)
        with pytest.raises(Exception, match="no space left on device"):
            self._snapshots.prepare("c", "base")
        monkeypatch.undo()
        assert not self._snapshots.exists("c")
        assert self._snapshots.garbage() == []

    def test_a_deep_tree_is_measured_and_removed(self) -> None:
        self._snapshots.prepare("c", "")
        fd = os.open(self._snapshots.upper("c"), os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d", dir_fd=fd)
            inner = os.open("d", os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = inner
        os.close(fd)
        assert self._snapshots.usage("c").inodes > 0
        self._snapshots.remove("c")
        assert self._snapshots.garbage() == [] and os.listdir(self._root) == []

    def test_the_root_of_a_lost_one_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            self._snapshots.lowers("nothing") or self._snapshots.upper("nothing")


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")
