"""COPY --link: its layer is taken again when only what is below its destination changed.

What it writes depends on the state below in a few things alone: where its destination leads, what the directories on the
way are like, which of the directories that it makes are there already, and the numbers of the owner's names. They stand
in the cache's key in the parent's place. Where they are the same on another base, the layer would be made the same; on
an engine without merged layers `docker build` gives just that file system. oracle: tests/oracle/buildkit, copy link.
"""

import hashlib
import os
import stat

from gorae.build.selection import Taken
from gorae.build.transfer import Selected, owner_of
from gorae.build.vertex import TransferAction
from gorae.errors import KernelError
from gorae.linux import fd as fds


def is_movable(action: TransferAction, selected: Selected) -> bool:
    """Whether its layer can be told from what is seen here: what an archive would unpack cannot."""
    return action.link and not any(unpack for _, _, unpack in selected.taken)


def look(root_fd: int, action: TransferAction, selected: Selected) -> str:
    """The digest of all that the state below adds.

    Raises:
        InvalidArgument: an owner that is not there.
    """
    lines = [f"owner {owner_of(root_fd, action.chown)}"] if action.chown else []
    for _, taken, _ in selected.taken:
        lines += _places(root_fd, action.dest, taken)
    for one in action.files:
        lines += _way(
            root_fd, f"{action.dest}{one.name}" if action.dest.endswith("/") else action.dest
        )
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def _places(root_fd: int, dest: str, taken: Taken) -> list[str]:
    """The way to the destination, and every directory that is made below it."""
    if taken.top.is_dir and not taken.parents:
        base = dest.rstrip("/")
    else:
        base = f"{dest.rstrip('/')}/{taken.name}".rstrip("/")
    lines = _way(root_fd, base)
    lines += [f"{path} {_seen(root_fd, f'{dest}/{path}')}" for path, _ in taken.parents]
    absent = ""
    for rel, node in taken.nodes:
        if not node.is_dir or (absent and rel.startswith(absent)):
            continue
        seen = _seen(root_fd, f"{base}/{rel}")
        lines.append(f"{rel} {seen}")
        absent = f"{rel}/" if not seen else ""
    return lines


def _way(root_fd: int, path: str) -> list[str]:
    """Each directory on the way, and the place itself."""
    found, at = [_seen(root_fd, "/")], ""
    for part in path.split("/"):
        if part:
            at = f"{at}/{part}"
            found.append(f"{at} {_seen(root_fd, at)}")
    return found


def _seen(root_fd: int, path: str) -> str:
    """What is at a path and where it leads, links followed below the root; empty: nothing."""
    try:
        fd = fds.openat2(root_fd, path, os.O_PATH | os.O_CLOEXEC)
    except KernelError:
        return _dangling(root_fd, path)
    try:
        info = os.fstat(fd)
        place = os.readlink(f"/proc/self/fd/{fd}")
        place = place.removeprefix(os.readlink(f"/proc/self/fd/{root_fd}"))
        if not stat.S_ISDIR(info.st_mode):
            return f"{place} file"
        return f"{place} {info.st_mode:o} {info.st_uid} {info.st_gid}"
    finally:
        os.close(fd)


def _dangling(root_fd: int, path: str) -> str:
    """A link that leads nowhere, by its words."""
    try:
        fd = fds.openat2(root_fd, path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except KernelError:
        return ""
    try:
        return f"link {os.readlink('', dir_fd=fd)}"
    except OSError:
        return "other"
    finally:
        os.close(fd)
