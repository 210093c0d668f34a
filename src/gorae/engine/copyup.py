"""An empty volume takes what the image has at its path: whole, or not at all; blocking.

The copy is made in a directory beside the volume's `_data` and exchanged with it by rename(2), so that a
crash in the middle leaves an empty volume and a leftover, never a half-filled one.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from gorae.engine.images import Image
from gorae.errors import KernelError
from gorae.linux import fd, mount
from gorae.store.snapshot import Snapshotter

STAGING = "_copy"


def copy_up(snapshots: Snapshotter, image: Image, target: str, volume: str) -> None:
    """Copy the image's files at `target` into the volume directory `volume` if that is empty."""
    data = Path(volume)
    if any(os.scandir(data)) or not image.chain_id:
        return
    key = f"copy-up-{os.urandom(8).hex()}"
    mounts = snapshots.view(key, image.chain_id)
    try:
        with tempfile.TemporaryDirectory(prefix="gorae-copy-up-") as rootfs:
            mount.mount_all(mounts, rootfs)
            try:
                _copy(rootfs, target, data)
            finally:
                mount.umount2(rootfs, mount.MNT_DETACH)
    finally:
        snapshots.remove(key)


def _copy(rootfs: str, target: str, data: Path) -> None:
    try:
        root_fd = os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            source_fd = fd.openat2(
                root_fd,
                target.lstrip("/"),
                os.O_RDONLY | os.O_DIRECTORY,
                resolve=fd.RESOLVE_IN_ROOT,
            )
        finally:
            os.close(root_fd)
    except KernelError:  # the image has no directory there: the volume stays empty
        return
    staging = data.parent / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        shutil.copytree(
            f"/proc/self/fd/{source_fd}/.", staging, symlinks=True, copy_function=_copy_file
        )
        _own(source_fd, staging)
        _take_owners(source_fd, staging)
        data.rmdir()
        staging.rename(data)
    finally:
        os.close(source_fd)
        shutil.rmtree(staging, ignore_errors=True)
        data.mkdir(exist_ok=True)


def _copy_file(source: str, target: str) -> str:
    return str(shutil.copy2(source, target, follow_symlinks=False))


def _own(source_fd: int, staging: Path) -> None:
    info = os.fstat(source_fd)
    os.chown(staging, info.st_uid, info.st_gid)
    os.chmod(staging, info.st_mode & 0o7777)


def _take_owners(source_fd: int, staging: Path) -> None:
    """copytree keeps modes and times; owners are set here, links included."""
    for directory, folders, files, source_dir in os.fwalk(".", dir_fd=source_fd):
        for name in (*folders, *files):
            info = os.stat(name, dir_fd=source_dir, follow_symlinks=False)
            target = staging / directory / name
            os.chown(target, info.st_uid, info.st_gid, follow_symlinks=False)
            with contextlib.suppress(NotImplementedError):
                if not target.is_symlink():
                    os.chmod(target, info.st_mode & 0o7777)
