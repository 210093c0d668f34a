"""What a path of `cp` means, and where a copy goes: docker's rules, as values. Pure.

A source `DIR/.` is a folder's content; a target that is a folder takes the source under its own name; a target that is
not there gives the source its name; a trailing `/` says that a folder is meant.
"""

from __future__ import annotations

import posixpath

from gorae.errors import InvalidArgument


class Info:
    """One end of a copy: its path, whether it is there, whether it is a folder; `rename`: its name in the archive."""

    __slots__ = ("exists", "is_dir", "path", "rename")

    def __init__(self, path: str, *, exists: bool, is_dir: bool, rename: str = "") -> None:
        self.path = path
        self.exists = exists
        self.is_dir = is_dir
        self.rename = rename


def split_argument(text: str) -> tuple[str, str]:
    """(container, path) of `CONTAINER:PATH`; a local path has no container."""
    container, colon, path = text.partition(":")
    if text.startswith("/") or not colon or container.startswith("."):
        return "", text
    return container, path


def is_content(path: str) -> bool:
    """Whether it says `DIR/.`."""
    return path == "." or path.endswith("/.")


def says_folder(path: str) -> bool:
    """Whether its ending asks for a folder."""
    return path.endswith("/") or is_content(path)


def split_entry(path: str) -> tuple[str, str]:
    """The folder of a path, with a slash, and the name in it; `.` of a folder's content."""
    clean = posixpath.normpath(path)
    if clean.startswith("//"):
        clean = clean[1:]
    if is_content(path):
        clean = f"{clean.rstrip('/')}/."
    folder, _, name = clean.rpartition("/")
    return folder + "/" if clean.startswith("/") or folder else "", name


def with_ending(clean: str, path: str) -> str:
    """A cleaned path with the ending that `path` had."""
    if is_content(path) and not is_content(clean):
        return f"{clean.rstrip('/')}/."
    if path.endswith("/") and not clean.endswith("/"):
        return clean + "/"
    return clean


def renamed_by_link(path: str, target: str) -> tuple[str, str]:
    """Where a followed link leads, and the name that the copy keeps."""
    target = with_ending(target, path)
    name = _base(path)
    return target, "" if name == _base(target) else name


def _base(path: str) -> str:
    """Go's filepath.Base."""
    return posixpath.basename(path.rstrip("/")) or "/"


def plan(source: Info, target: Info) -> tuple[str, str, str]:
    """(folder to unpack in, first name in the archive, name that it is to have there).

    Raises:
        InvalidArgument: a folder onto a file, or a file into a folder that is not there; in docker's words.
    """
    folder, name = split_entry(target.path)
    _, old = split_entry(source.path)
    old = source.rename or old
    if target.exists and target.is_dir:
        return target.path, old, old
    if target.exists and source.is_dir:
        raise InvalidArgument("cannot copy directory")
    if not target.exists and not source.is_dir and says_folder(target.path):
        raise InvalidArgument("no such directory")
    return folder, old, name
