"""Folders of cache mounts: who may have one at once, and what becomes of them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorae.build.cachemount import CacheMounts
from gorae.build.cancel import Cancel
from gorae.errors import Cancelled
from gorae.store.db import Database
from gorae.store.tables import builds as rows

PATIENCE_S = 20


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "gorae.db")
    yield one
    one.close()


@pytest.fixture
def mounts(db: Database, tmp_path: Path) -> CacheMounts:
    return CacheMounts(db, tmp_path / "cache")


def nothing(root_fd: int) -> None:
    del root_fd


def test_a_folder_survives(mounts: CacheMounts, db: Database, tmp_path: Path):
    with mounts.held("one", "shared", Cancel(), nothing) as first:
        (first / "f").write_text("kept")
    with CacheMounts(db, tmp_path / "cache").held("one", "shared", Cancel(), nothing) as again:
        assert again == first and (again / "f").read_text() == "kept"
    with mounts.held("two", "shared", Cancel(), nothing) as other:
        assert other != first


def test_shared_is_one_folder_for_all(mounts: CacheMounts):
    with (
        mounts.held("one", "shared", Cancel(), nothing) as first,
        mounts.held("one", "shared", Cancel(), nothing) as second,
    ):
        assert first == second


def test_private_is_a_folder_each_and_taken_again(mounts: CacheMounts):
    with (
        mounts.held("one", "private", Cancel(), nothing) as first,
        mounts.held("one", "private", Cancel(), nothing) as second,
    ):
        assert first != second
    with mounts.held("one", "private", Cancel(), nothing) as again:
        assert again == first


def test_locked_waits(mounts: CacheMounts):
    order: list[str] = []
    inside, waits, goes_on = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with mounts.held("one", "locked", Cancel(), nothing):
            inside.set()
            assert goes_on.wait(PATIENCE_S)
            order.append("first is done")

    def second() -> None:
        assert inside.wait(PATIENCE_S)
        waits.set()
        with mounts.held("one", "locked", Cancel(), nothing):
            order.append("second has it")

    threads = [threading.Thread(target=one) for one in (first, second)]
    for one in threads:
        one.start()
    assert waits.wait(PATIENCE_S)
    assert order == []
    goes_on.set()
    for one in threads:
        one.join(PATIENCE_S)
    assert order == ["first is done", "second has it"]


def test_who_waits_can_be_told_to_stop(mounts: CacheMounts):
    cancel = Cancel()
    with mounts.held("one", "locked", Cancel(), nothing):
        cancel.set()
        with pytest.raises(Cancelled), mounts.held("one", "locked", cancel, nothing):
            pass
    cancel.close()


def test_what_is_held_is_not_removed(mounts: CacheMounts, db: Database):
    with mounts.held("one", "shared", Cancel(), nothing) as folder:
        row = db.read(lambda tx: rows.mount(tx, "one"))
        assert row is not None
        assert not mounts.remove(row) and folder.exists()
    assert mounts.remove(row) and not folder.exists()
    assert db.read(rows.mounts) == []


def test_a_failed_beginning_leaves_nothing(mounts: CacheMounts, db: Database, tmp_path: Path):
    def fails(root_fd: int) -> None:
        raise OSError("no room")

    with pytest.raises(OSError), mounts.held("one", "shared", Cancel(), fails):
        pass
    assert list((tmp_path / "cache").iterdir()) == []
    assert db.read(rows.mounts) == [] and not mounts.is_used("one")


def test_strays_and_losses(mounts: CacheMounts, tmp_path: Path):
    with mounts.held("one", "shared", Cancel(), nothing) as folder:
        pass
    assert mounts.strays() == [] and mounts.lost() == []
    folder.rename(tmp_path / "cache" / "stray")
    assert mounts.strays() == [tmp_path / "cache" / "stray"]
    assert [one.id for one in mounts.lost()] == ["one"]
    mounts.discard_unknown()
    assert mounts.strays() == []
