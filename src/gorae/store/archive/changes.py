"""What a snapshot adds to, changes in and takes from the layers below it, read from its upper directory alone.

The rules are docker's: a whiteout is a deletion, and so is what a directory that was made anew no longer holds; what a
lower layer has too is a change where its mode or owner, or a file's time or size, differs; all directories above
something that changed are changes. oracle: tests/oracle, groups diff.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from gorae.store.archive.stack import OPAQUE

CAPABILITY = "security.capability"


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
    replaced: set[str] = set()
    for path, info, own_opaque in _walk(upper):
        lower, below = _below(path, lowers)
        if own_opaque or path.rpartition("/")[0] in replaced:
            replaced.add(path)
        if _is_whiteout(info):
            _note(found, Kind.DELETED, path)
        elif below is None:
            _note(found, Kind.ADDED, path)
        else:
            if not _same(f"{upper}{path}", info, lower, below):
                _note(found, Kind.MODIFIED, path)
            if path in replaced and stat.S_ISDIR(info.st_mode) and stat.S_ISDIR(below.st_mode):
                for name in _names_below(path, lowers) - set(os.listdir(f"{upper}{path}")):
                    _note(found, Kind.DELETED, f"{path}/{name}")
    return sorted(found.values(), key=lambda one: one.path)


def _note(found: dict[str, Change], kind: Kind, path: str) -> None:
    """A change, and with it that of every directory above."""
    found[path] = Change(kind, path)
    above = path.rpartition("/")[0]
    while above and above not in found:
        found[above] = Change(Kind.MODIFIED, above)
        above = above.rpartition("/")[0]


def _walk(upper: Path) -> Iterator[tuple[str, os.stat_result, bool]]:
    """(path, lstat, is an opaque directory) of everything below; directories before what they hold."""
    for directory, folders, files, dir_fd in os.fwalk(upper):
        stem = directory[len(str(upper)) :]
        for name in sorted((*folders, *files)):
            info = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
            opaque = stat.S_ISDIR(info.st_mode) and _is_opaque(f"{directory}/{name}")
            yield f"{stem}/{name}", info, opaque


def _names_below(path: str, lowers: Sequence[Path]) -> set[str]:
    """What a directory of the layers below holds, all of them together."""
    names: set[str] = set()
    gone: set[str] = set()
    for lower in lowers:
        at = f"{lower}{path}"
        try:
            info = os.lstat(at)
        except (FileNotFoundError, NotADirectoryError):
            if _hidden_in(lower, path):
                break
            continue
        if not stat.S_ISDIR(info.st_mode):
            break
        for name in set(os.listdir(at)) - names - gone:
            (gone if _is_whiteout(os.lstat(f"{at}/{name}")) else names).add(name)
        if _is_opaque(at):
            break
    return names


def _is_opaque(path: str) -> bool:
    try:
        return os.getxattr(path, OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False


def _is_whiteout(info: os.stat_result) -> bool:
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def _below(path: str, lowers: Sequence[Path]) -> tuple[str, os.stat_result | None]:
    """What the layers below have at a path, and where.

    A whiteout or a non-directory above it hides what is further down.
    """
    for layer in lowers:
        lower = f"{layer}{path}"
        try:
            info = os.lstat(lower)
        except (FileNotFoundError, NotADirectoryError):
            if _hidden_in(layer, path):
                break
            continue
        return lower, None if _is_whiteout(info) else info
    return "", None


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


def _same(upper: str, info: os.stat_result, lower: str, below: os.stat_result) -> bool:
    """A directory's own time and size say nothing: they change with what it holds."""
    if (info.st_mode, info.st_uid, info.st_gid) != (below.st_mode, below.st_uid, below.st_gid):
        return False
    if stat.S_ISDIR(info.st_mode):
        return True
    if (info.st_mtime_ns, info.st_rdev) != (below.st_mtime_ns, below.st_rdev):
        return False
    return info.st_size == below.st_size and _capability(upper) == _capability(lower)


def _capability(path: str) -> bytes:
    try:
        return os.getxattr(path, CAPABILITY, follow_symlinks=False)
    except OSError:
        return b""
