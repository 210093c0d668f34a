"""The places that mounts go to, made before the runtime comes to them.

Two things are then as with docker's runtime on every runtime: a place that the image lacks gets the mode 0755 (crun
makes it sticky, which `export` and `commit` would show), and a tmpfs without a `mode` has that of the directory which
it hides. What cannot be made here is left to the runtime, whose error says why.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gorae.errors import KernelError
from gorae.linux import fd as fds
from gorae.runtime.config import MountPoint
from gorae.runtime.mountplan import in_order
from gorae.runtime.view import make_point

RUNTIMES_OWN = ("/proc", "/sys", "/dev")
"""Mounted by the runtime before anything else: nothing below them is the image's."""


def made(mounts: Sequence[MountPoint], root_fd: int) -> tuple[MountPoint, ...]:
    """The mounts, their places made in the tree of `root_fd` or in the mount that they lie in, a tmpfs with its mode."""
    done: list[MountPoint] = []
    for one in in_order(mounts):
        done.append(one)
        if not one.target.startswith("/") or _below(one.target, RUNTIMES_OWN):
            continue
        with (
            contextlib.suppress(KernelError, OSError),
            _base(one.target, done[:-1], root_fd) as (
                base_fd,
                inside,
            ),
        ):
            done[-1] = _placed(one, base_fd, inside)
    return tuple(done)


def _below(path: str, tops: Sequence[str]) -> bool:
    return any(path == top or path.startswith(f"{top}/") for top in tops)


@contextlib.contextmanager
def _base(target: str, before: Sequence[MountPoint], root_fd: int) -> Iterator[tuple[int, str]]:
    """The directory that a target is looked up in, and its path there. Raises: OSError: it is not there yet."""
    over = [one for one in before if _below(target, (one.target,))]
    if not over:
        yield root_fd, target
        return
    last = over[-1]
    if last.type != "bind" or last.readonly:
        raise FileNotFoundError(target)
    base_fd = os.open(last.source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield base_fd, target[len(last.target) :] or "."
    finally:
        os.close(base_fd)


def _placed(one: MountPoint, base_fd: int, inside: str) -> MountPoint:
    if one.type == "tmpfs":
        if any(option.startswith("mode=") for option in one.options):
            os.close(make_point(base_fd, inside, directory=True))
            return one
        mode = _mode(base_fd, inside)
        if mode is None:
            os.close(make_point(base_fd, inside, directory=True))
            return one
        return replace(one, options=(*one.options, f"mode={mode:04o}"))
    is_directory = stat.S_ISDIR(os.stat(one.source).st_mode)
    os.close(make_point(base_fd, inside, directory=is_directory))
    return one


def _mode(base_fd: int, inside: str) -> int | None:
    """The mode bits of a directory; None where nothing is there."""
    try:
        fd = fds.openat2(base_fd, inside, os.O_PATH | os.O_DIRECTORY)
    except KernelError as error:
        if error.not_found:
            return None
        raise
    try:
        return stat.S_IMODE(os.fstat(fd).st_mode)
    finally:
        os.close(fd)
