"""The collector and those who commit at the same moment; links as roots."""

import time
from pathlib import Path

import pytest

from gorae.store.content import ContentStore
from gorae.store.db import Database, statements
from gorae.store.gc import sweep_content
from gorae.store.tables import content, links


@pytest.fixture
def db(tmp_path: Path):
    one = Database(tmp_path / "gorae.db")
    yield one
    one.close()


def test_a_link_keeps_what_it_names_and_what_that_refers_to(db: Database, tmp_path: Path) -> None:
    store = ContentStore(tmp_path / "content", db)
    manifest, layer, stray = store.put(b"manifest"), store.put(b"layer"), store.put(b"stray")

    def refer(tx) -> None:
        content.add_edge(tx, manifest, layer)
        links.insert(tx, "hub/acme/app", manifest, time.time_ns())

    db.write(refer)
    dead = db.write(lambda tx: sweep_content(tx, time.time_ns()))
    assert dead == [stray]
    db.write(lambda tx: links.delete(tx, "hub/acme/app", manifest))
    assert set(db.write(lambda tx: sweep_content(tx, time.time_ns()))) == {manifest, layer}


def test_a_blob_brought_again_between_row_and_file_stays(db: Database, tmp_path: Path) -> None:
    """The sweep deletes rows, then files; who commits the same bytes between the two keeps them."""
    store = ContentStore(tmp_path / "content", db)
    digest = store.put(b"bytes")
    dead = db.write(lambda tx: sweep_content(tx, time.time_ns()))
    assert dead == [digest]
    store.put(b"bytes")
    store.delete_files(dead)
    assert store.read(digest) == b"bytes"
    db.write(lambda tx: sweep_content(tx, time.time_ns()))
    store.delete_files(dead)
    assert not store.path(digest).exists()


def test_two_programs_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "gorae.db"), Database(tmp_path / "gorae.db")
    first.write(lambda tx: content.insert(tx, "sha256:" + "0" * 64, 1))
    assert second.read(lambda tx: content.size(tx, "sha256:" + "0" * 64)) == 1
    first.close()
    second.close()


def test_statements_are_split_at_their_ends() -> None:
    text = "-- a; comment\nCREATE TABLE a (b TEXT);\nINSERT INTO a VALUES (';');\n"
    assert [one.strip().splitlines()[-1] for one in statements(text)] == [
        "CREATE TABLE a (b TEXT);",
        "INSERT INTO a VALUES (';');",
    ]
