import os
from pathlib import Path

from gorae.daemon.origin import Origin, find

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def checkout(tmp_path: Path, head: str, **files: str) -> Path:
    git = tmp_path / ".git"
    git.mkdir()
    for name, text in {"HEAD": head, **files}.items():
        path = git / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1000, 1000))
    return tmp_path


def test_an_installed_copy_has_a_note(tmp_path: Path) -> None:
    note = tmp_path / "COMMIT"
    note.write_text(COMMIT + "\n")
    os.utime(note, (1000, 1000))
    assert find(note, tmp_path) == Origin(COMMIT, 1000)


def test_a_checkout(tmp_path: Path) -> None:
    place = checkout(tmp_path, "ref: refs/heads/main\n", refs__heads__main=COMMIT + "\n")
    assert find(tmp_path / "none", place) == Origin(COMMIT, 1000)


def test_packed(tmp_path: Path) -> None:
    packed = {"packed-refs": f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n"}
    place = checkout(tmp_path, "ref: refs/heads/main\n", **packed)
    assert find(tmp_path / "none", place) == Origin(COMMIT, 1000)


def test_a_detached_head(tmp_path: Path) -> None:
    assert find(tmp_path / "none", checkout(tmp_path, COMMIT + "\n")) == Origin(COMMIT, 1000)


def test_a_work_tree_beside_the_first(tmp_path: Path) -> None:
    main, second = tmp_path / "main", tmp_path / "second"
    main.mkdir()
    second.mkdir()
    git = checkout(main, "ref: refs/heads/main\n", refs__heads__side=COMMIT + "\n") / ".git"
    own = git / "worktrees" / "second"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    (second / ".git").write_text(f"gitdir: {own}\n")
    assert find(tmp_path / "none", second) == Origin(COMMIT, 1000)


def test_nobody_knows(tmp_path: Path) -> None:
    assert find(tmp_path / "none", tmp_path) == Origin()
