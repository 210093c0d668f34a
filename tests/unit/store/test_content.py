"""The commit protocol: a blob counts when it is whole, and nothing of it is there otherwise."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorae.errors import DataLoss, InvalidArgument, NotFound, Unavailable
from gorae.store import ingest as ingests
from gorae.store.content import ContentStore
from gorae.store.db import Database
from gorae.store.lease import Lease
from gorae.store.tables import leases


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "gorae.db")
    yield one
    one.close()


@pytest.fixture
def store(tmp_path: Path, db: Database) -> ContentStore:
    return ContentStore(tmp_path / "content", db)


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def there(store: ContentStore, tmp_path: Path) -> list[str]:
    """Every file below content/, by name."""
    return sorted(one.name for one in (tmp_path / "content").rglob("*") if one.is_file())


def test_put_and_read(store: ContentStore) -> None:
    name = store.put(b"bytes")
    assert name == digest(b"bytes")
    assert store.read(name) == b"bytes"
    assert store.size(name) == 5 and store.exists(name)
    assert store.path(name).stat().st_mode & 0o777 == 0o400


def test_the_same_twice_is_one(store: ContentStore, tmp_path: Path) -> None:
    assert store.put(b"a") == store.put(b"a")
    assert len(there(store, tmp_path)) == 1


def test_what_is_not_committed_is_gone(store: ContentStore, tmp_path: Path) -> None:
    with store.ingest() as one:
        one.write(b"half")
        assert len(store.stale_ingests()) == 0, "it is being written"
    assert there(store, tmp_path) == []


@pytest.mark.parametrize(
    ("promise", "words"),
    [
        ({"expected_size": 4}, "found more"),
        ({"expected_size": 6}, "wanted 6 bytes, found 5"),
        ({"expected_digest": digest(b"other")}, "its bytes have the digest"),
    ],
)
def test_a_broken_promise_is_refused(
    store: ContentStore, tmp_path: Path, promise: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        with store.ingest(**promise) as one:  # type: ignore[arg-type]
            one.write(b"bytes")
            one.commit()
    assert there(store, tmp_path) == []
    assert not store.exists(digest(b"bytes"))


def test_lost_and_damaged_bytes_are_told(store: ContentStore) -> None:
    name = store.put(b"bytes")
    path = store.path(name)
    os.chmod(path, 0o600)
    path.write_bytes(b"bytez")
    with pytest.raises(DataLoss, match="not what its name says"):
        store.read(name)
    path.write_bytes(b"byte")
    with pytest.raises(DataLoss, match="another size"):
        store.open(name)
    path.unlink()
    with pytest.raises(DataLoss, match="its file is gone"):
        store.open(name)
    store.forget(name)
    with pytest.raises(NotFound):
        store.open(name)


def test_a_full_disk_while_writing(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ingests.os, "fsync", full)
    with pytest.raises(Unavailable, match="no space left on device: free some and try again"):
        store.put(b"bytes")
    assert there(store, tmp_path) == []
    monkeypatch.undo()
    assert store.read(store.put(b"bytes")) == b"bytes"


def test_a_row_that_cannot_be_written_leaves_no_file(
    store: ContentStore, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is at its place before the row is: it is taken back."""
    write = db.write

    def refuse(work, *, durable=True):  # type: ignore[no-untyped-def]
        if not durable:
            return write(work, durable=durable)

        def both(tx):  # type: ignore[no-untyped-def]
            work(tx)
            raise Unavailable("the disk is full")

        return write(both, durable=durable)

    monkeypatch.setattr(db, "write", refuse)
    with pytest.raises(Unavailable):
        store.put(b"bytes")
    assert there(store, tmp_path) == []


def test_a_lease_holds_what_was_made_with_it(store: ContentStore, db: Database) -> None:
    with Lease(db) as lease:
        name = store.put(b"a", lease)
        assert ("content", name) in db.read(lambda tx: leases.live_items(tx, 0))
    assert db.read(lambda tx: leases.live_items(tx, 0)) == set()


def test_two_who_bring_the_same_at_once(store: ContentStore, tmp_path: Path) -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.append(store.put(b"x" * 9999))) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(names) == {digest(b"x" * 9999)}
    assert len(there(store, tmp_path)) == 1


SRC = Path(ingests.__file__).parents[2]

# a death at every step ------------------------------------------------------------------------------

VICTIM = """
import os, signal, sys
from pathlib import Path
from gorae.store.content import ContentStore
from gorae.store.db import Database
root, step = Path(sys.argv[1]), int(sys.argv[2])
store = ContentStore(root / "content", Database(root / "gorae.db"))
count = 0
def watched(name, real):
    def call(*args, **more):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    return call
for name in ("fchmod", "fsync", "rename", "open", "close", "stat"):
    setattr(os, name, watched(name, getattr(os, name)))
with store.ingest() as one:
    for _ in range(3):
        one.write(b"piece")
    one.commit()
print("committed", flush=True)
"""


def test_a_death_at_every_step_leaves_all_or_nothing(tmp_path: Path) -> None:
    """SIGKILL before each system call of a commit in turn, until one gets through."""
    name = digest(b"piece" * 3)
    deaths = 0
    for step in range(1, 60):
        root = tmp_path / str(step)
        root.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", VICTIM, str(root), str(step)],
            env={**os.environ, "PYTHONPATH": str(SRC)},
            capture_output=True,
            text=True,
        )
        db = Database(root / "gorae.db")
        store = ContentStore(root / "content", db)
        store.discard_ingests()
        store.discard_strays()
        if store.exists(name):
            assert store.read(name) == b"piece" * 3
        assert store.path(name).exists() == store.exists(name)
        assert store.stale_ingests() == []
        assert store.read(store.put(b"piece" * 3)) == b"piece" * 3, "a retry works"
        db.close()
        if done.returncode == 0:
            assert done.stdout == "committed\n" and deaths >= 4
            return
        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
    pytest.fail("a commit has more steps than expected")
