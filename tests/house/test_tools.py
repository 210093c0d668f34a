"""The linters, types, import rules and dead-code search, each a test with a name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
STANDARD = frozenset(
    "bin boot dev etc home lib lib32 lib64 libx32 lost+found media mnt opt proc root run sbin srv sys tmp usr var".split()
)
EXAMPLES = frozenset("app cache code config data src volume volumes workspace".split())
"""Names at the root that images and tests use, and that a machine may have too."""


def run(*argv: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(TOP / "src")}
    done = subprocess.run(
        [str(BIN / argv[0]), *argv[1:]],
        cwd=TOP,
        env=env,
        text=True,
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", "src", "tests")


def test_code_is_formatted() -> None:
    run("ruff", "format", "--check", "src", "tests")


def test_types_are_strict() -> None:
    run("mypy")


def test_imports_only_go_down() -> None:
    run("lint-imports", "--no-cache")


def test_no_dead_code() -> None:
    run("vulture")


def test_spelling() -> None:
    run("codespell", "src", "tests", "packaging", "README.md")


@pytest.mark.parametrize("bad", ["utils", "helpers", "common", "misc", "base", "manager"])
def test_no_file_is_a_drawer(bad: str) -> None:
    assert not list((TOP / "src").rglob(f"{bad}.py"))


def test_ctypes_stays_in_linux_and_sqlite_behind_its_door() -> None:
    for path in (TOP / "src").rglob("*.py"):
        text = path.read_text()
        if "import ctypes" in text:
            assert path.parent.name == "linux", path
        if "import sqlite3" in text:
            assert path.name == "db.py", path
        if "pyroute2" in text and "import" in text.split("pyroute2")[0].rsplit("\n", 1)[-1]:
            assert path.name == "rtnl.py", path


def _places_of_this_machine() -> set[str]:
    """What no other machine has below its root, the checkout, and where an interpreter and scratch files may be."""
    tops = {one.name for one in Path("/").iterdir() if one.is_dir()} - STANDARD - EXAMPLES
    inner = {str(TOP), str(Path.home() / ".pyenv"), os.path.join("/var", "tmp", "")}
    return {f"/{one}/" for one in tops} | inner


def test_the_project_speaks_of_itself_alone() -> None:
    words = _places_of_this_machine()
    listed = subprocess.run(
        ["git", "ls-files"], cwd=TOP, text=True, capture_output=True, check=True
    ).stdout.split()
    for name in listed:
        if name.startswith("tests/data/") or name == "tests/house/test_tools.py":
            continue
        text = (TOP / name).read_bytes()
        assert not any(word.encode() in text for word in words), name


def test_schema_files_are_numbered_without_gaps() -> None:
    names = sorted(p.name for p in (TOP / "src/gorae/store/schema").glob("*.sql"))
    assert [int(n[:4]) for n in names] == list(range(1, len(names) + 1))


def test_every_room_says_what_it_owns() -> None:
    for path in (TOP / "src/gorae").glob("*/__init__.py"):
        text = path.read_text()
        assert "Owns:" in text and "Never:" in text, path
