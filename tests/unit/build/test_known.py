"""Contents of a context are read once: afterwards what the file system says of them is enough."""

import os
import time

import pytest

from gorae.build import folder, selection
from gorae.build.folder import Folder, Known
from gorae.build.known import KnownFiles
from gorae.store.db import Database

ROUNDS = 1000
FILES = 60


@pytest.fixture
def top(tmp_path):
    """A folder whose files are old enough for their stamps to tell of a change."""
    for number in range(FILES):
        place = tmp_path / "c" / f"d{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{number}").write_text(str(number))
    wait_a_tick()
    return tmp_path / "c"


def wait_a_tick() -> None:
    """Until what was written is no longer fresh."""
    end = time.time_ns() + 2 * folder.TICK_NS
    while time.time_ns() < end:
        time.sleep(0.01)


@pytest.fixture
def reads(monkeypatch):
    """The paths that were opened for their content."""
    found: list[str] = []
    real = Folder._open

    def opened(self, node):
        found.append(node.path)
        return real(self, node)

    monkeypatch.setattr(Folder, "_open", opened)
    return found


def build(top, known: Known) -> str:
    """What a COPY of everything takes, as a build of its own sees it."""
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        tree = Folder(fd, known, as_root=True)
        return selection.digest_of(selection.listing(tree, selection.select(tree, ["/"])))
    finally:
        os.close(fd)


def test_a_thousand_rebuilds_read_nothing_again(top, reads):
    known = Known()
    first = build(top, known)
    assert sorted(reads) == sorted(f"d{n % 7}/f{n}" for n in range(FILES))
    reads.clear()
    assert {build(top, known) for _ in range(ROUNDS)} == {first}
    assert reads == [] and known.read == FILES


def test_nor_do_those_of_another_daemon(top, reads, tmp_path):
    db = Database(tmp_path / "gorae.db")
    try:
        one = KnownFiles(db)
        first = build(top, one.of("root"))
        one.keep("root", one.of("root"))
        reads.clear()
        other = KnownFiles(db)
        assert build(top, other.of("root")) == first
        assert reads == []
    finally:
        db.close()


def test_only_what_changed_is_read(top, reads):
    known = Known()
    first = build(top, known)
    reads.clear()
    (top / "d3/f3").write_text("other")
    (top / "d1/new").write_text("new")
    os.utime(top / "d2/f2", (1, 1))
    wait_a_tick()
    assert build(top, known) != first
    assert sorted(reads) == ["d1/new", "d2/f2", "d3/f3"]
    reads.clear()
    build(top, known)
    assert reads == []


def test_a_fresh_file_is_read_until_its_stamp_proves_something(top, reads, monkeypatch):
    monkeypatch.setattr(folder, "TICK_NS", 10**15)
    known = Known()
    build(top, known)
    reads.clear()
    build(top, known)
    assert len(reads) == FILES
