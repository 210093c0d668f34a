"""Files that are written whole or not at all: what may be replaced by a rename, and what must never be.

A device, a pipe or a link that a path names is not a file's content: renaming something over `/dev/null` takes it away
from the whole machine.
"""

from __future__ import annotations

import os
import stat

from gorae.errors import InvalidArgument

_WORDS = (
    (stat.S_ISCHR, "a character device file"),
    (stat.S_ISBLK, "a block device file"),
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a symbolic link directly"),
)


def special(path: str) -> str:
    """What stands at `path` where that is neither a regular file nor nothing, in docker's words; else empty."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return ""
    return next((words for matches, words in _WORDS if matches(mode)), "")


def refuse_special(path: str) -> None:
    """Raises: InvalidArgument: a rename would take away something that is no file."""
    found = special(path)
    if found:
        raise InvalidArgument(f"cannot write to {found}")


def write_text(path: str, text: str) -> None:
    """Replace a file at once; write through to what is none (`/dev/stdout`, a pipe).

    Raises:
        InvalidArgument: it cannot be written.
    """
    try:
        _write_text(path, text)
    except OSError as error:
        raise InvalidArgument(
            f'cannot write "{path}": {(error.strerror or str(error)).lower()}'
        ) from error


def _write_text(path: str, text: str) -> None:
    if special(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    staged = f"{path}.{os.getpid()}.part"
    with open(staged, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(staged, path)
