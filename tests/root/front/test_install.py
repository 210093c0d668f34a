"""`make install` below a DESTDIR: all its files, programs that run from there, nothing left by `make uninstall`."""

import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
FILES = (
    "bin/gorae",
    "bin/goraed",
    "lib/gorae/gorae/cli/main.py",
    "lib/gorae/gorae/store/schema/0001_initial.sql",
    "lib/gorae/site/aiohttp/__init__.py",
    "lib/systemd/system/gorae.service",
    "lib/systemd/system/gorae.socket",
    "share/man/man1/gorae.1",
    "share/man/man1/gorae-container-run.1",
    "share/man/man8/goraed.8",
    "share/bash-completion/completions/gorae",
    "share/zsh/site-functions/_gorae",
    "share/fish/vendor_completions.d/gorae.fish",
)

pytestmark = pytest.mark.root


def make(target: str, folder: Path) -> None:
    argv = ["make", "-s", target, f"DESTDIR={folder}", "PREFIX=/usr/local"]
    done = subprocess.run(argv, cwd=TOP, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr


def in_place(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A command where the DESTDIR's files stand at their place."""
    script = f"mount --make-rprivate / && mount --bind {folder}/usr/local /usr/local && {line}"
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, timeout=60
    )


def test_install_and_uninstall(tmp_path: Path) -> None:
    make("install", tmp_path)
    root = tmp_path / "usr/local"
    assert [name for name in FILES if not (root / name).is_file()] == []
    assert (
        "ExecStart=/usr/local/bin/goraed -H fd://"
        in (root / "lib/systemd/system/gorae.service").read_text()
    )
    for program in ("gorae", "goraed"):
        said = in_place(tmp_path, f"/usr/local/bin/{program} --version")
        assert said.stdout.startswith("gorae version "), said
        assert str(TOP) not in (root / "bin" / program).read_text()
    completed = in_place(tmp_path, "/usr/local/bin/gorae __complete -- container sta")
    assert completed.stdout.splitlines()[0].startswith("start\t")
    make("uninstall", tmp_path)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_a_prefix_must_be_absolute(tmp_path: Path) -> None:
    done = subprocess.run(
        [TOP / "packaging/install.sh", tmp_path, "usr"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == 'install: PREFIX must be an absolute path, found "usr"\n'
