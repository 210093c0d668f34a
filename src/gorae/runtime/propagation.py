"""Whether the host's mounts let a bind mount propagate as asked."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gorae.errors import InvalidArgument
from gorae.runtime.config import MountPoint


@dataclass(frozen=True, slots=True)
class MountInfo:
    """One line of /proc/PID/mountinfo: where it is mounted and with whom it shares events."""

    target: str
    shared: bool
    slave: bool


def check(mounts: Iterable[MountPoint]) -> None:
    """Raises: InvalidArgument: a source's mount is not shared (or slave), in docker's words."""
    wanted = [one for one in mounts if one.type == "bind" and "private" not in one.propagation]
    if not wanted:
        return
    table = mount_table()
    for one in wanted:
        check_one(os.path.realpath(one.source), one.propagation, table)


def check_one(source: str, propagation: str, table: Sequence[MountInfo]) -> None:
    """The same for one source, an absolute path without links."""
    over = covering(source, table)
    if propagation in ("shared", "rshared") and not over.shared:
        raise InvalidArgument(
            f"path {source} is mounted on {over.target} but it is not a shared mount"
        )
    if propagation in ("slave", "rslave") and not (over.shared or over.slave):
        raise InvalidArgument(
            f"path {source} is mounted on {over.target} but it is not a shared or slave mount"
        )


def covering(path: str, table: Sequence[MountInfo]) -> MountInfo:
    """The mount that `path` lies on: the deepest, and of equals the last."""
    best = MountInfo("/", shared=False, slave=False)
    for one in table:
        inside = one.target == "/" or path == one.target or path.startswith(one.target + "/")
        if inside and len(one.target) >= len(best.target):
            best = one
    return best


def mount_table() -> list[MountInfo]:
    """This process's mounts."""
    with open("/proc/self/mountinfo") as file:
        return parse(file.read())


def parse(text: str) -> list[MountInfo]:
    """Source: proc_pid_mountinfo(5)."""
    found = []
    for line in text.splitlines():
        fields = line.split(" ")
        optional = fields[6 : fields.index("-")]
        found.append(
            MountInfo(
                target=_unescaped(fields[4]),
                shared=any(word.startswith("shared:") for word in optional),
                slave=any(word.startswith("master:") for word in optional),
            )
        )
    return found


def _unescaped(word: str) -> str:
    """Space, tab, newline and backslash stand as octal."""
    for octal, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        word = word.replace(octal, character)
    return word
