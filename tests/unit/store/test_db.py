"""One writer, readers beside it, and a disk that is full."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorae.errors import Conflict, DataLoss, Unavailable
from gorae.store.db import NO_SPACE, Database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "gorae.db")
    yield one
    one.close()


def put(db: Database, name: str, value: str, **more: bool) -> None:
    sql = "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)"
    db.write(lambda tx: tx.execute(sql, (name, value)), **more)


def get(db: Database, name: str) -> str | None:
    row = db.read(lambda tx: tx.execute("SELECT value FROM fact WHERE name=?", (name,)).fetchone())
    return row[0] if row else None


@pytest.mark.parametrize("durable", [True, False])
def test_written_is_read(db: Database, durable: bool) -> None:
    put(db, "a", "1", durable=durable)
    assert get(db, "a") == "1"


def test_a_failed_transaction_writes_nothing_and_the_next_works(db: Database) -> None:
    def half(tx) -> None:  # type: ignore[no-untyped-def]
        tx.execute("INSERT INTO fact (name, value) VALUES ('a', '1')")
        raise Conflict("no")

    with pytest.raises(Conflict):
        db.write(half)
    assert get(db, "a") is None
    put(db, "a", "2")
    assert get(db, "a") == "2"


def test_many_writers_are_one_after_the_other(db: Database) -> None:
    put(db, "n", "0")

    def increment(tx) -> None:  # type: ignore[no-untyped-def]
        (value,) = tx.execute("SELECT value FROM fact WHERE name='n'").fetchone()
        tx.execute("UPDATE fact SET value=? WHERE name='n'", (str(int(value) + 1),))

    threads = [
        threading.Thread(target=lambda: db.write(increment, durable=False)) for _ in range(40)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert get(db, "n") == "40"


def test_a_full_disk_takes_the_ballast_once(db: Database, tmp_path: Path) -> None:
    ballast = tmp_path / "gorae.db-ballast"
    assert ballast.exists()
    calls = []

    def full_once(tx) -> str:  # type: ignore[no-untyped-def]
        calls.append(ballast.exists())
        if len(calls) == 1:
            raise sqlite3.OperationalError("database or disk is full")
        return "done"

    assert db.write(full_once) == "done"
    assert calls == [True, False], "the second time there is room"
    assert ballast.exists(), "and it is taken again"


def test_a_disk_that_stays_full_is_said(db: Database) -> None:
    def full(tx) -> None:  # type: ignore[no-untyped-def]
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(Unavailable) as caught:
        db.write(full)
    assert caught.value.message == NO_SPACE


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(DataLoss, match="cannot be read"):
        Database(tmp_path / "x.db")


def test_it_is_opened_again_with_what_it_had(tmp_path: Path) -> None:
    one = Database(tmp_path / "x.db")
    put(one, "a", "1")
    one.close()
    two = Database(tmp_path / "x.db")
    assert get(two, "a") == "1"
    two.close()
