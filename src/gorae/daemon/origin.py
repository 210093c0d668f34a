"""Which commit this program was made of, and when: of an installed copy from a note, of a checkout from its own files.

gorae/COMMIT    written by `make install`: one line, the commit; the file's time is the time of the build
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
NOTE = PACKAGE / "COMMIT"


@dataclass(frozen=True, slots=True)
class Origin:
    """`commit` empty and `built_s` 0 where nobody knows."""

    commit: str = ""
    built_s: int = 0


def find(note: Path = NOTE, checkout: Path = PACKAGE.parents[1]) -> Origin:
    """What the note says, else the head of the checkout that the package lies in."""
    with contextlib.suppress(OSError):
        return Origin(note.read_text().strip(), int(note.stat().st_mtime))
    with contextlib.suppress(OSError):
        return _head(_directory(checkout / ".git"))
    return Origin()


def _directory(git: Path) -> Path:
    """Of a work tree beside the first `.git` is a file that says where the directory is. Source: gitrepository-layout(5)."""
    return git if git.is_dir() else Path(git.read_text().partition("gitdir:")[2].strip())


def _head(git: Path) -> Origin:
    head = git / "HEAD"
    name, symbolic = _reference(head.read_text())
    if not symbolic:
        return Origin(name, int(head.stat().st_mtime))
    common = git / "commondir"
    root = git / common.read_text().strip() if common.exists() else git
    for file in (git / name, root / name):
        with contextlib.suppress(OSError):
            return Origin(file.read_text().strip(), int(file.stat().st_mtime))
    packed = root / "packed-refs"
    for line in packed.read_text().splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return Origin(commit, int(packed.stat().st_mtime))
    return Origin()


def _reference(text: str) -> tuple[str, bool]:
    name = text.strip().removeprefix("ref:").strip()
    return name, text.startswith("ref:")
