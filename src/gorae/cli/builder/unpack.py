"""The local exporter's tar unpacked into a folder of the user's, without leaving it.

The names come from an image. Every parent directory is opened from the one above it without following links, so a
link in the archive, or one that is there already, leads nowhere.
"""

from __future__ import annotations

import contextlib
import os
import tarfile

from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PIECE = 1 << 20


def unpack(stream: BinaryIO, folder: str) -> None:
    """Write a tar's directories, files and links below `folder`, which is made.

    Raises:
        InvalidArgument: not a tar, or a name that leads out.
    """
    os.makedirs(folder, exist_ok=True)
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    times: list[tuple[str, float]] = []
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _unpack(archive, member, root)
                if member.isdir():
                    times.append((member.name, member.mtime))
        for name, mtime in reversed(times):
            with contextlib.suppress(OSError), _Directory(root, _parts(name)) as descriptor:
                os.utime(descriptor, (mtime, mtime))
    except tarfile.TarError as error:
        raise InvalidArgument(f"the build's output is not a tar archive: {error}") from None
    finally:
        os.close(root)


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidArgument(f'the build\'s output has a name that leads out of it: "{name}"')
    return parts


class _Directory:
    """The directory of these parts below `root`, made where it is missing."""

    def __init__(self, root: int, parts: list[str]) -> None:
        self._descriptor = os.dup(root)
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=self._descriptor)
            below = os.open(part, _DIRECTORY, dir_fd=self._descriptor)
            os.close(self._descriptor)
            self._descriptor = below

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, root: int) -> None:
    parts = _parts(member.name)
    if member.isdir():
        with _Directory(root, parts) as descriptor:
            if parts:
                os.fchmod(descriptor, member.mode & 0o7777)
        return
    if not parts:
        return
    with _Directory(root, parts[:-1]) as parent:
        name = parts[-1]
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
        if member.issym():
            os.symlink(member.linkname, name, dir_fd=parent)
        elif member.islnk():
            _link(member, root, parent, name)
        elif member.isreg():
            _write(archive, member, parent, name)


def _link(member: tarfile.TarInfo, root: int, parent: int, name: str) -> None:
    target = _parts(member.linkname)
    with _Directory(root, target[:-1]) as folder:
        os.link(target[-1], name, src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, parent: int, name: str) -> None:
    source = archive.extractfile(member)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=parent)
    with os.fdopen(descriptor, "wb") as file:
        while source is not None and (piece := source.read(PIECE)):
            file.write(piece)
        file.flush()
        os.fchmod(descriptor, member.mode & 0o7777)
        os.utime(descriptor, (member.mtime, member.mtime))
