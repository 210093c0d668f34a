"""What a snapshot adds to, changes in and takes from the layers below it, read from its upper directory alone.

The rules are docker's for overlay: a whiteout is a deletion; what a lower layer has too is a change, unless it
is a directory that is there only because something below it changed; a parent of something added or deleted
is a change. oracle: tests/oracle, group diff_top_port.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from gorae.store.archive.stack import OPAQUE


class Kind(IntEnum):
    """The API's numbers."""

    MODIFIED = 0
    ADDED = 1
    DELETED = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One path, absolute inside the root."""

    kind: Kind
    path: str


def changes(upper: Path, lowers: Sequence[Path]) -> list[Change]:
    """Every change, by path. `lowers`: the layers below, nearest first."""
    found: dict[str, Change] = {}
    for path, info, opaque in _walk(upper):
        below = _below(path, lowers)
        if _is_whiteout(info):
            kind = Kind.DELETED
        elif below is None or (opaque and not stat.S_ISDIR(below.st_mode)):
            kind = Kind.ADDED
        elif stat.S_ISDIR(info.st_mode) and stat.S_ISDIR(below.st_mode) and _same(info, below):
            continue
        else:
            kind = Kind.MODIFIED
        if kind is not Kind.MODIFIED:
            parent = path.rpartition("/")[0]
            if parent:
                found.setdefault(parent, Change(Kind.MODIFIED, parent))
        found[path] = Change(kind, path)
    return sorted(found.values(), key=lambda one: one.path)


def _walk(upper: Path) -> Iterator[tuple[str, os.stat_result, bool]]:
    """(path, lstat, is an opaque directory) of everything below; directories before what they hold."""
    for directory, folders, files, dir_fd in os.fwalk(upper):
        stem = directory[len(str(upper)) :]
        for name in sorted((*folders, *files)):
            info = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
            opaque = stat.S_ISDIR(info.st_mode) and _is_opaque(f"{directory}/{name}")
            yield f"{stem}/{name}", info, opaque


def _is_opaque(path: str) -> bool:
    try:
        return os.getxattr(path, OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False


def _is_whiteout(info: os.stat_result) -> bool:
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def _below(path: str, lowers: Sequence[Path]) -> os.stat_result | None:
    """What the layers below have at a path; a whiteout or a non-directory above it hides what is further down."""
    for lower in lowers:
        try:
            info = os.lstat(f"{lower}{path}")
        except (FileNotFoundError, NotADirectoryError):
            if _hidden_in(lower, path):
                return None
            continue
        return None if _is_whiteout(info) else info
    return None


def _hidden_in(lower: Path, path: str) -> bool:
    """Whether a parent in this layer ends the search."""
    at = str(lower)
    for part in path.strip("/").split("/")[:-1]:
        at = f"{at}/{part}"
        try:
            info = os.lstat(at)
        except OSError:
            return False
        if not stat.S_ISDIR(info.st_mode) or _is_opaque(at):
            return True
    return False


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return one.st_mode == other.st_mode and one.st_mtime_ns // 10**9 == other.st_mtime_ns // 10**9
