"""The hub's schema in two dialects."""

import sqlite3
from importlib import resources
from pathlib import Path

from gorae.hub.db import open_sqlite, to_postgres
from gorae.store.db import schema_files, statements


def test_a_database_opens_twice(tmp_path: Path) -> None:
    for _ in range(2):
        one = open_sqlite(tmp_path / "gorae.db")
        (count,) = one.read(lambda tx: tx.execute("SELECT COUNT(*) FROM hub_account").fetchone())
        assert count == 0
        one.close()


def test_nothing_of_sqlite_is_left_for_postgres() -> None:
    for _, text in schema_files(resources.files("gorae.hub").joinpath("schema")):
        for statement in statements(text):
            assert sqlite3.complete_statement(statement)
            there = to_postgres(statement)
            assert "STRICT" not in there and "ROWID" not in there and " INTEGER" not in there


def test_schema_files_are_numbered_without_gaps() -> None:
    found = schema_files(resources.files("gorae.hub").joinpath("schema"))
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
