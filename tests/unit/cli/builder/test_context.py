import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gorae.cli import main
from gorae.cli.console import Console

Told = Callable[..., tuple[int, str]]
RULES = "node_modules\n*.env\n!keep.env\n**/*.pyc\n*.bak\n"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for path, size in (
        ("node_modules/x/i.js", 5000), (".git/objects/pack", 9000), ("src/a.py", 10), ("src/deep/b.pyc", 20),
        ("secret.env", 3), ("keep.env", 4), ("data/one/large", 3000), ("data/two", 10), ("Dockerfile", 1),
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x" * size)
    (tmp_path / ".dockerignore").write_text(RULES)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    def run(*words: str) -> tuple[int, str]:
        status = main.run(["build", "context", *words], Console())
        found = capfd.readouterr()
        return status, found.out + found.err

    return run


def test_the_whole_is_added_up(told: Told, context: Path) -> None:
    status, text = told(str(context))
    assert status == 0
    lines = [line.split() for line in text.splitlines() if line]
    assert lines[1] == ["kept", "7", "files,", "12.07kB"]
    assert lines[2][:4] == ["ignored", "3", "files,", "5.023kB"]
    assert lines[3] == ["left", "out", "1", "socket,", "pipe", "or", "device"]
    assert lines[5][:3] == ["9kB", "1", ".git/"]
    assert text.count('add ".git" to .dockerignore') == 1
    assert lines[6][:3] == ["3kB", "1", "data/one/large"]
    assert ["-", "none", "*.bak", ".dockerignore:5"] in lines
    assert ["4B", "1", "!keep.env", ".dockerignore:3"] in lines


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (
            "secret.env",
            'secret.env  IGNORED  by .dockerignore:2  "*.env"   (no later rule keeps it)',
        ),
        ("keep.env", 'keep.env  KEPT  by .dockerignore:3  "!keep.env"'),
        (
            "node_modules/x/i.js",
            'node_modules/x/i.js  IGNORED  by .dockerignore:1  "node_modules" with its folder "node_modules"'
            "   (no later rule keeps it)",
        ),
        ("src/a.py", "src/a.py  KEPT  no rule of .dockerignore matches"),
        (
            "./src/../none",
            "none  KEPT  no rule of .dockerignore matches   (there is no such file now)",
        ),
    ],
)
def test_why(told: Told, context: Path, path: str, wanted: str) -> None:
    assert told(str(context), "--why", path) == (0, f"{wanted}\n")


def test_the_dockerfiles_own_rules_go_first(told: Told, context: Path) -> None:
    (context / "other.Dockerfile").write_text("FROM scratch\n")
    (context / "other.Dockerfile.dockerignore").write_text("src\n")
    _, text = told(
        str(context), "-f", "other.Dockerfile", "--why", "src/a.py", "--why", "secret.env"
    )
    assert 'by other.Dockerfile.dockerignore:1  "src"' in text
    assert "secret.env  KEPT  no rule of other.Dockerfile.dockerignore matches" in text


def test_without_rules(told: Told, context: Path) -> None:
    (context / ".dockerignore").unlink()
    assert told(str(context), "--why", "a")[1].startswith(
        "a  KEPT  no rule stands in the way: there is no .dockerignore"
    )


def test_every_path(told: Told, context: Path) -> None:
    lines = told(str(context), "--all")[1].splitlines()
    assert "      3B  ignored .dockerignore:2  secret.env" in lines
    assert "     10B  kept    -  src/a.py" in lines


def test_documents(told: Told, context: Path) -> None:
    found = json.loads(told(str(context), "--format", "json", "--top", "1")[1])
    assert found["kept"] == {"files": 7, "bytes": 12069}
    assert found["largest"] == [{"path": ".git/", "files": 1, "bytes": 9000, "line": 0}]
    assert [one["files"] for one in found["rules"]] == [1, 1, 1, 1, 0]
    (one,) = json.loads(told(str(context), "--format", "json", "--why", "secret.env")[1])
    assert (one["ignored"], one["file"], one["line"]) == (True, ".dockerignore", 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--why", "../x"], "is outside the context"),
        (["--top", "-1"], "invalid argument -1 for --top: it counts paths"),
        (["/nowhere"], 'path "/nowhere" not found'),
        (["-"], '"-" is not a folder of this machine'),
    ],
)
def test_wrong_words(told: Told, words: list[str], sentence: str) -> None:
    status, text = told(*words)
    assert status == 1
    assert sentence in text
