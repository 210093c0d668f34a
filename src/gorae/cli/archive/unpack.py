"""A container's tar unpacked into a folder of the user's, without leaving it.

The names come from a container. Every folder is opened from the one above it without following links, so that a link
in the archive, or one that is there already, leads nowhere else. Owners are not taken over: what is unpacked belongs to
who unpacks it, as docker does it.
"""

from __future__ import annotations

import os
import stat

from gorae.errors import InvalidArgument
from gorae.oci.tar import header
from gorae.oci.tar.reader import ForwardReader, members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gorae.oci.tar.header import Entry

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
KEPT_OPEN = 64


class _Pieces:
    """An answer's pieces as a source of bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)

    def read(self, _: int, /) -> bytes:
        """The next piece; empty at the end."""
        return next(self._pieces, b"")


def unpack(pieces: Iterable[bytes], folder: str, old: str = "", new: str = "") -> None:
    """Write an archive's members below `folder`; a first name of `old` becomes `new`.

    Raises:
        InvalidArgument: a corrupt archive, a name that leads out, or something in the way.
    """
    stream = ForwardReader(_Pieces(pieces), hashed=False)
    target = _Target(folder)
    try:
        for entry in members(stream):
            entry.name = _renamed(entry.name, old, new)
            if entry.islnk():
                entry.linkname = _renamed(entry.linkname, old, new)
            target.make(entry, stream)
        stream.finish()
        target.set_times()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidArgument(f"{error.filename or folder}: {reason}") from None
    finally:
        target.close()


def _renamed(name: str, old: str, new: str) -> str:
    if old == "/":  # the container's whole tree: its names begin with a slash
        return f"{new}/{name.lstrip('/')}"
    if not old or name != old and not name.startswith(f"{old}/"):
        return name
    return new + name[len(old) :]


def _parts(name: str) -> tuple[str, ...]:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise InvalidArgument(f'the archive has a name that leads out of it: "{name[:200]}"')
    return parts


class _Target:
    """The folder that is written to, and descriptors of those below it."""

    def __init__(self, folder: str) -> None:
        self._shown = folder
        top = os.open(folder, _FOLDER & ~os.O_NOFOLLOW)
        self._open: dict[tuple[str, ...], int] = {(): top}
        self._times: dict[tuple[str, ...], int] = {}

    def close(self) -> None:
        """Close all descriptors."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _folder(self, parts: tuple[str, ...]) -> int:
        """The folder of these parts, made where it is missing."""
        found = self._open.get(parts)
        if found is not None:
            return found
        above = self._folder(parts[:-1])
        try:
            below = os.open(parts[-1], _FOLDER, dir_fd=above)
        except FileNotFoundError:
            os.mkdir(parts[-1], 0o755, dir_fd=above)
            below = os.open(parts[-1], _FOLDER, dir_fd=above)
        if len(self._open) > KEPT_OPEN:
            self._forget(parts)
        self._open[parts] = below
        return below

    def _forget(self, but: tuple[str, ...]) -> None:
        """Close what is not above `but`."""
        for parts in [one for one in self._open if one and but[: len(one)] != one]:
            os.close(self._open.pop(parts))

    def make(self, entry: Entry, stream: ForwardReader) -> None:
        """One member."""
        parts = _parts(entry.name)
        if not parts:
            return
        above = self._folder(parts[:-1])
        info = _lstat(parts[-1], above)
        if info is not None:
            self._clear(entry, parts, above, is_folder=stat.S_ISDIR(info.st_mode))
        if entry.isdir():
            self._dress_folder(entry, parts)
        elif entry.isreg():
            _write(entry, stream, above, parts[-1])
        else:
            self._make_other(entry, above, parts[-1])

    def _clear(self, entry: Entry, parts: tuple[str, ...], above: int, *, is_folder: bool) -> None:
        """A folder stays a folder, another kind of file gives way to a new one."""
        if is_folder != entry.isdir():
            words = ("directory", "non-directory") if is_folder else ("non-directory", "directory")
            raise InvalidArgument(
                f'cannot overwrite {words[0]} "{entry.name}" with {words[1]} "{self._shown}"'
            )
        if not is_folder:
            os.unlink(parts[-1], dir_fd=above)

    def _dress_folder(self, entry: Entry, parts: tuple[str, ...]) -> None:
        os.fchmod(self._folder(parts), entry.mode & 0o7777)
        self._times[parts] = entry.mtime_ns

    def _make_other(self, entry: Entry, above: int, name: str) -> None:
        if entry.islnk():
            target = _parts(entry.linkname)
            source = self._folder(target[:-1])
            os.link(target[-1], name, src_dir_fd=source, dst_dir_fd=above, follow_symlinks=False)
            return
        if entry.issym():
            os.symlink(entry.linkname, name, dir_fd=above)
        elif entry.type == header.FIFO:
            os.mkfifo(name, entry.mode & 0o7777, dir_fd=above)
        elif entry.type in (header.CHARACTER, header.BLOCK_DEVICE):
            kind = stat.S_IFCHR if entry.type == header.CHARACTER else stat.S_IFBLK
            device = os.makedev(entry.devmajor, entry.devminor)
            os.mknod(name, kind | entry.mode & 0o7777, device, dir_fd=above)
        else:
            raise InvalidArgument(f"unhandled tar header type {entry.type[0]}")
        times = (entry.mtime_ns, entry.mtime_ns)
        os.utime(name, ns=times, dir_fd=above, follow_symlinks=False)

    def set_times(self) -> None:
        """Of the folders, last: making members changed them."""
        for parts, time_ns in self._times.items():
            os.utime(self._folder(parts), ns=(time_ns, time_ns))


def _lstat(name: str, above: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _write(entry: Entry, stream: ForwardReader, above: int, name: str) -> None:
    descriptor = os.open(name, _NEW, 0o600, dir_fd=above)
    try:
        if entry.sparse is not None:
            os.ftruncate(descriptor, entry.real_size)
        for offset, size in entry.sparse or ((0, entry.size),):
            os.lseek(descriptor, offset, os.SEEK_SET)
            for view in stream.pieces(size):
                while view:
                    view = view[os.write(descriptor, view) :]
        os.fchmod(descriptor, entry.mode & 0o7777)
        os.utime(descriptor, ns=(entry.mtime_ns, entry.mtime_ns))
    finally:
        os.close(descriptor)
