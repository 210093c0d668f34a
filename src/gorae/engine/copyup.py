"""An empty volume takes what the container's image has at its path: whole, or not at all; blocking.

The files are gathered beside the volume's content by cp(1), which keeps owners, modes, times, links and attributes,
and put in place by a rename: `store.volumes` tells what a crash leaves. The source is read through a mount that nobody
else sees, by descriptor.
"""

import errno
import os
import stat
from pathlib import Path

from gorae.engine.volumes import Volume, Volumes
from gorae.errors import (
    Conflict,
    GoraeError,
    Internal,
    InvalidArgument,
    KernelError,
    Unavailable,
)
from gorae.linux import fd as fds
from gorae.linux import process
from gorae.runtime import view
from gorae.store.snapshot import Snapshotter

PATIENCE_S = 24 * 3600


class CopyUp:
    """The copier. `point` is an empty directory to mount images on, each in a namespace of its own."""

    def __init__(self, snapshots: Snapshotter, volumes: Volumes, point: Path) -> None:
        self._snapshots = snapshots
        self._volumes = volumes
        self._point = point

    def __call__(self, snapshot: str, target: str, volume: Volume, subpath: str = "") -> None:
        """Copy what the committed `snapshot` has at `target` into the volume, if that is empty there.

        Raises:
            InvalidArgument: the image has a file there. Unavailable: the disk is full. GoraeError: the copy failed;
            the volume is as it was.
        """
        if not snapshot or not _is_empty(volume.path, subpath):
            return
        with view.private(self._snapshots.mounts(snapshot), (), self._point) as root_fd:
            try:
                source_fd = fds.openat2(root_fd, target, os.O_RDONLY | os.O_DIRECTORY)
            except KernelError as error:
                if error.errno == errno.ENOTDIR:
                    raise InvalidArgument(f"source {target} is not directory") from None
                return  # the image has nothing there: the volume stays empty
            try:
                self._copy(source_fd, volume, subpath)
            finally:
                os.close(source_fd)

    def _copy(self, source_fd: int, volume: Volume, subpath: str) -> None:
        if not os.listdir(source_fd):
            _dress(source_fd, volume.path, subpath)
            return
        directories = self._volumes.directories
        copy_tree(source_fd, directories.filling(volume.name))
        in_place = bool(volume.options) or self._volumes.in_use_by_running(volume.name)
        try:
            directories.place(volume.name, subpath, in_place=in_place)
        except Conflict:  # another container's copy was quicker
            return


def copy_tree(source_fd: int, target: Path) -> None:
    """A directory's content, and its own owner and mode, as the new directory `target`.

    Raises:
        Unavailable: the disk is full. Internal: cp(1) failed.
    """
    argv = ["cp", "-a", "--reflink=auto", "--", f"/proc/self/fd/{source_fd}/.", str(target)]
    done = process.run(
        argv, timeout_s=PATIENCE_S, env={"PATH": process.PATH, "LC_ALL": "C"}, pass_fds=(source_fd,)
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise _failure(lines[-1] if lines else f"cp ended with status {done.returncode}")


def _failure(line: str) -> GoraeError:
    if "No space left" in line:
        return Unavailable("no space left on device: free some and try again")
    return Internal(f"the copy into the volume failed: {line[:300]}")


def open_inside(path: str, subpath: str, flags: int = os.O_PATH) -> int:
    """A volume's content, or what lies at `subpath` of it; no link leads out.

    Raises:
        InvalidArgument: it is not there, or leads out; in docker's words.
    """
    with fds.open_root(path) as root_fd:
        try:
            return fds.openat2(root_fd, subpath or ".", flags, resolve=fds.RESOLVE_BENEATH)
        except KernelError as error:
            if error.not_found:
                raise InvalidArgument(
                    f"cannot access path {path}/{subpath}: lstat {path}/{subpath}: "
                    "no such file or directory"
                ) from None
            raise InvalidArgument(
                f"path concatenation escapes the base directory, base: {path}, subpath: {subpath}"
            ) from None


def _is_empty(path: str, subpath: str) -> bool:
    try:
        fd = open_inside(path, subpath, os.O_RDONLY | os.O_DIRECTORY)
    except InvalidArgument:  # told at start, as docker does
        return False
    try:
        return not os.listdir(fd)
    finally:
        os.close(fd)


def _dress(source_fd: int, path: str, subpath: str) -> None:
    info = os.fstat(source_fd)
    fd = open_inside(path, subpath, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fchown(fd, info.st_uid, info.st_gid)
        os.fchmod(fd, stat.S_IMODE(info.st_mode))
    finally:
        os.close(fd)
