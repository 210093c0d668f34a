"""The collector and those who commit at the same moment; links as roots."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.store.content import ContentStore
from gorae.store.db import Database, statements
from gorae.store.gc import dead_blobs, dead_snapshots, sweep_content
from gorae.store.tables import content, links
from gorae.store.tables.snapshots import SnapshotRow


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


# the mark is pure -----------------------------------------------------------------------------------

names = st.sampled_from([f"n{number}" for number in range(12)])


@given(st.sets(names), st.sets(names), st.sets(st.tuples(names, names)))
def test_no_reachable_blob_ever_dies(
    blobs: set[str], roots: set[str], edges: set[tuple[str, str]]
) -> None:
    dead = dead_blobs(blobs, roots, edges)
    alive = set(roots)
    while more := {child for parent, child in edges if parent in alive} - alive:
        alive |= more
    assert dead == blobs - alive


@st.composite
def forests(draw: st.DrawFn) -> list[SnapshotRow]:
    """Snapshots whose parents come before them; only committed ones are parents."""
    rows: list[SnapshotRow] = []
    for number in range(draw(st.integers(0, 12))):
        committed = [row.key for row in rows if row.kind == "committed"]
        parent = draw(st.sampled_from([None, *committed]))
        kind = draw(st.sampled_from(["committed", "committed", "active", "view"]))
        stands_on_layer = parent is not None and parent.startswith("k")
        key = f"init {parent}" if stands_on_layer and draw(st.booleans()) else f"k{number}"
        if all(row.key != key for row in rows):
            rows.append(SnapshotRow(key, number, kind, parent, 0, 0, 0))
    return rows


@given(forests(), st.data())
def test_no_wanted_snapshot_dies_and_none_before_its_children(
    rows: list[SnapshotRow], data: st.DataObject
) -> None:
    keys = [row.key for row in rows]
    some = st.sets(st.sampled_from(keys)) if keys else st.just(set())
    wanted, held = data.draw(some), data.draw(some)
    dead = dead_snapshots(rows, wanted, held)
    parents = {row.key: row.parent for row in rows}
    for row in rows:
        if row.kind != "committed" or row.key in wanted | held:
            above: str | None = row.key
            while above is not None:
                assert above not in dead
                above = parents[above]
    for key in dead:
        children = [one for one, parent in parents.items() if parent == key]
        assert all(dead.index(one) < dead.index(key) for one in children), "children go first"
    kept = set(keys) - set(dead)
    for row in rows:  # made again from its parent, kept with it
        if row.key.startswith("init ") and row.parent in kept:
            assert row.key in kept
