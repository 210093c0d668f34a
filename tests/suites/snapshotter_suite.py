"""What every kind of snapshot store must do. The cases bear the names of what they are about."""

import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gorae.errors import AlreadyExists, Conflict, NotFound
from gorae.linux import mount as mounts
from gorae.store.archive.apply import apply_layer
from gorae.store.snapshot import Snapshotter

LAYERS = 128


class SnapshotterSuite(ABC):
    """Subclasses provide the store under test and a place to mount."""

    @abstractmethod
    def snapshots(self) -> Snapshotter:
        """The store under test."""

    @abstractmethod
    def place(self) -> Path:
        """An empty directory."""

    @contextmanager
    def mounted(self, key: str) -> Iterator[Path]:
        """A snapshot's mounts performed."""
        target = self.place()
        mounts.mount_all(self.snapshots().mounts(key), str(target))
        try:
            yield target
        finally:
            mounts.umount2(str(target), mounts.MNT_DETACH)

    def layer(self, key: str, parent: str, **files: str | None) -> str:
        """A committed snapshot which writes (or with None removes) files through its mount."""
        self.snapshots().prepare(f"draft {key}", parent)
        with self.mounted(f"draft {key}") as root:
            for name, content in files.items():
                if content is None:
                    (root / name).unlink()
                else:
                    (root / name).write_text(content)
        self.snapshots().commit(f"draft {key}", key)
        return key

    def seen(self, key: str) -> dict[str, str]:
        """The files at the top of a snapshot, as its mount shows them."""
        with self.mounted(key) as root:
            return {one.name: one.read_text() for one in root.iterdir() if one.is_file()}

    # life -----------------------------------------------------------------------------------

    def test_written_committed_and_built_upon(self) -> None:
        base = self.layer("base", "", a="1", b="1")
        self.snapshots().prepare("c1", self.layer("top", base, b="2", c="2"))
        assert self.seen("c1") == {"a": "1", "b": "2", "c": "2"}

    def test_two_on_the_same_do_not_see_each_other(self) -> None:
        base = self.layer("base", "", a="1")
        for key in ("c1", "c2"):
            self.snapshots().prepare(key, base)
        with self.mounted("c1") as root:
            (root / "a").write_text("mine")
        assert self.seen("c1") == {"a": "mine"}
        assert self.seen("c2") == {"a": "1"}

    def test_delete_in_lower_layer(self) -> None:
        base = self.layer("base", "", a="1", b="1")
        gone = self.layer("gone", base, a=None)
        self.snapshots().prepare("c1", gone)
        assert self.seen("c1") == {"b": "1"}
        self.snapshots().prepare("c2", self.layer("again", gone, a="new"))
        assert self.seen("c2") == {"a": "new", "b": "1"}

    def test_a_directory_made_again_is_empty(self) -> None:
        self.snapshots().prepare("d1", "")
        with self.mounted("d1") as root:
            (root / "d").mkdir()
            (root / "d" / "old").write_text("1")
        self.snapshots().commit("d1", "one")
        self.snapshots().prepare("d2", "one")
        with self.mounted("d2") as root:
            (root / "d" / "old").unlink()
            (root / "d").rmdir()
            (root / "d").mkdir()
            (root / "d" / "new").write_text("2")
        self.snapshots().commit("d2", "two")
        self.snapshots().prepare("c", "two")
        with self.mounted("c") as root:
            assert os.listdir(root / "d") == ["new"]

    def test_owner_and_mode_of_the_root_and_of_files_are_kept(self) -> None:
        self.snapshots().prepare("d", "")
        with self.mounted("d") as root:
            os.chown(root, 7, 8)
            os.chmod(root, 0o751)
            (root / "f").write_text("x")
            os.chown(root / "f", 5, 6)
            os.chmod(root / "f", 0o4711)
        self.snapshots().commit("d", "base")
        self.snapshots().prepare("c", "base")
        with self.mounted("c") as root:
            top, file = root.stat(), (root / "f").stat()
        assert (top.st_uid, top.st_gid, stat.S_IMODE(top.st_mode)) == (7, 8, 0o751)
        assert (file.st_uid, file.st_gid, stat.S_IMODE(file.st_mode)) == (5, 6, 0o4711)

    def test_a_rename_over_layers(self) -> None:
        base = self.layer("base", "", a="1")
        self.snapshots().prepare("c", base)
        with self.mounted("c") as root:
            (root / "a").rename(root / "b")
        assert self.seen("c") == {"b": "1"}

    def test_many_layers(self) -> None:
        key = ""
        for number in range(LAYERS):
            key = self.layer(f"l{number}", key, **{f"f{number}": "x", "last": str(number)})
        self.snapshots().prepare("c", key)
        seen = self.seen("c")
        assert len(seen) == LAYERS + 1 and seen["last"] == str(LAYERS - 1)

    def test_a_view_is_read_only(self) -> None:
        base = self.layer("base", "", a="1")
        self.snapshots().view("v", base)
        assert self.seen("v") == {"a": "1"}
        with self.mounted("v") as root, pytest.raises(OSError, match="Read-only"):
            (root / "x").write_text("x")
        self.snapshots().remove("v")
        assert not self.snapshots().exists("v")

    def test_commit_onto_what_is_there_already(self) -> None:
        """Two who unpack the same layer: the second one's work is thrown away."""
        self.layer("same", "", a="1")
        self.layer("same", "", a="2")
        self.snapshots().prepare("c", "same")
        assert self.seen("c") == {"a": "1"}
        assert not self.snapshots().exists("draft same")

    # names ----------------------------------------------------------------------------------

    def test_a_key_that_is_taken(self) -> None:
        self.snapshots().prepare("c", "")
        with pytest.raises(AlreadyExists):
            self.snapshots().prepare("c", "")

    def test_a_parent_that_is_not_there_or_not_committed(self) -> None:
        self.snapshots().prepare("active", "")
        for parent in ("none", "active"):
            with pytest.raises(NotFound):
                self.snapshots().prepare("c", parent)
        assert not self.snapshots().exists("c")

    def test_what_is_not_there(self) -> None:
        for ask in (self.snapshots().mounts, self.snapshots().usage, self.snapshots().upper):
            with pytest.raises(NotFound):
                ask("none")
        self.snapshots().remove("none")
        assert not self.snapshots().exists("none")

    def test_who_is_stood_upon_cannot_be_removed(self) -> None:
        base = self.layer("base", "", a="1")
        self.snapshots().prepare("c", base)
        with pytest.raises(Conflict):
            self.snapshots().remove(base)
        self.snapshots().remove("c")
        self.snapshots().remove(base)
        assert not self.snapshots().exists(base)

    def test_nothing_is_left_of_what_was_removed(self) -> None:
        base = self.layer("base", "", a="1")
        self.snapshots().prepare("c", base)
        self.snapshots().remove("c")
        self.snapshots().remove(base)
        assert self.snapshots().discard_garbage() == 0

    # measures and archives ------------------------------------------------------------------

    def test_usage_counts_its_own(self) -> None:
        base = self.layer("base", "", a="x" * 1000)
        self.snapshots().prepare("c", base)
        with self.mounted("c") as root:
            (root / "b").write_text("y" * 50)
            os.link(root / "b", root / "b2")
        usage = self.snapshots().usage("c")
        assert (usage.size_bytes, usage.inodes) == (50, 1)
        assert self.snapshots().usage("base").size_bytes == 1000

    def test_a_layer_of_an_archive_is_unpacked_over_others(self) -> None:
        base = self.layer("base", "", a="1", b="1")
        self.snapshots().prepare("d", base)
        upper, lowers = self.snapshots().upper("d"), self.snapshots().lowers("d")
        apply_layer(io.BytesIO(archive({".wh.a": "", "c": "3"})), upper, lowers=lowers)
        self.snapshots().commit("d", "top")
        self.snapshots().prepare("c", "top")
        assert self.seen("c") == {"b": "1", "c": "3"}


def archive(content: dict[str, str]) -> bytes:
    """A tar of plain files."""
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()
