"""A layer's tar unpacked into a directory; blocking.

The names are a stranger's. A parent directory is opened by openat2 below the root, a member is made with that
directory's descriptor, so that no link and no `..` leads out. Where the upper directory of an overlay lacks a parent
that the layers below have, it is made as theirs is, and their links are followed, as if one worked in the overlay.
Directories' times are set last. Source: image-spec v1.1 layer.md
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NoReturn

from gorae.errors import GoraeError, InvalidArgument, KernelError, Unavailable
from gorae.linux import fd as fds
from gorae.oci.digest import DiffId
from gorae.oci.tar.header import BLOCK_DEVICE, CHARACTER, DIRECTORY, FIFO, Entry
from gorae.oci.tar.reader import ForwardReader, members
from gorae.store.archive import member as make
from gorae.store.archive.compression import Reader
from gorae.store.archive.parents import Parents
from gorae.store.archive.stack import DIRECTORY_FLAGS, OPAQUE, Merged, is_whiteout, lstat
from gorae.store.archive.whiteout import (
    OPAQUE_NAME,
    NoWhiteouts,
    OverlayWhiteouts,
    RemovingWhiteouts,
    Whiteouts,
    hidden_name,
)
from gorae.store.db import NO_SPACE
from gorae.store.tree import remove_tree

__all__ = ["ForwardReader", "Form", "Unpacker", "apply_layer", "clean_name", "members"]

_OURS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
)


class Form(Enum):
    """What the target directory is, which tells how a layer's whiteouts are carried out."""

    OVERLAY = "the upper directory of an overlay"
    COPY = "a copy of the layers below"
    PLAIN = "a directory; there are no whiteouts"


def apply_layer(
    source: BinaryIO,
    target: Path,
    *,
    form: Form = Form.OVERLAY,
    lowers: Iterable[Path] = (),
    known: DiffId | None = None,
) -> DiffId:
    """Unpack a layer, plain or compressed, into `target`; the diff_id of what was read.

    `lowers`: the layers below an overlay's upper directory, nearest first; asked for when something of them is needed,
    at the latest for the owner and the mode of a root that the archive says nothing of. `known`: the diff_id of a source
    whose bytes were hashed when they came, and are not hashed again.

    Raises:
        InvalidArgument: a corrupt archive, or a member that leads out. Unavailable: the disk is full.
    """
    stream = ForwardReader(Reader(source), hashed=known is None)
    root_fd = os.open(target, DIRECTORY_FLAGS)
    try:
        with Merged.open(lowers) as below:
            with Unpacker(root_fd, _whiteouts(form, below), below) as unpacker:
                for entry in members(stream):
                    unpacker.unpack(entry, stream)
                if form is Form.OVERLAY and not unpacker.has_top:
                    _dress_as_below(root_fd, below)
    finally:
        os.close(root_fd)
    found = stream.finish()
    return known or found


def _dress_as_below(root_fd: int, below: Merged) -> None:
    info = below.top()
    if info is not None:
        os.fchown(root_fd, info.st_uid, info.st_gid)
        os.fchmod(root_fd, stat.S_IMODE(info.st_mode))


def _whiteouts(form: Form, below: Merged) -> Whiteouts:
    if form is Form.OVERLAY:
        return OverlayWhiteouts(below)
    return RemovingWhiteouts() if form is Form.COPY else NoWhiteouts()


class Unpacker:
    """Makes members below the directory `root_fd`, in `prefix` there; a context whose end sets directories' times.

    `keep_kinds`: refuse to replace a directory by another kind of file, and the reverse.
    """

    def __init__(
        self,
        root_fd: int,
        whiteouts: Whiteouts | None = None,
        below: Merged | None = None,
        *,
        prefix: str = "",
        keep_kinds: bool = False,
    ) -> None:
        self._parents = Parents(root_fd, Merged([]) if below is None else below)
        self._root_fd = root_fd
        self._whiteouts = whiteouts or NoWhiteouts()
        self._prefix = f"{clean_name(prefix)}/" if clean_name(prefix) else ""
        self._keep_kinds = keep_kinds
        self._shown = f"/{clean_name(prefix)}"
        self._times: dict[str, int] = {}
        self.has_top = False
        """Whether the archive has said what the root is like."""

    def __enter__(self) -> "Unpacker":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._set_directory_times()
        finally:
            self._parents.close()

    def unpack(self, entry: Entry, stream: ForwardReader) -> None:
        """Make one member. Raises: InvalidArgument, Unavailable: as `apply_layer`."""
        path = self._prefix + clean_name(entry.name)
        try:
            parent, _, name = path.rpartition("/")
            if not name:
                self._dress_top(entry, parent)
                return
            dir_fd = self._parents.open(parent)
            if self._whiteouts.takes(name):
                self._hide(dir_fd, parent, name)
            elif entry.type == DIRECTORY:
                self._make_directory(entry, dir_fd, path, name)
            else:
                self._make_other(entry, stream, dir_fd, path, name)
            self._whiteouts.made(path)
        except (OSError, KernelError) as error:
            _translate(error, path)

    def _dress_top(self, entry: Entry, path: str) -> None:
        """The member `./`: the root itself, or the directory that the archive goes to."""
        if entry.isdir() and not path:
            make.dress(entry, self._root_fd)
            self._times[""] = entry.mtime_ns
            self.has_top = True

    def _hide(self, dir_fd: int, parent: str, name: str) -> None:
        if name == OPAQUE_NAME:
            self._whiteouts.hide_all(dir_fd, parent)
        elif hidden := hidden_name(name):
            self._whiteouts.hide(dir_fd, parent, hidden)

    def _make_directory(self, entry: Entry, dir_fd: int, path: str, name: str) -> None:
        """One that is there is kept, with what it holds; another kind of file gives way."""
        hidden = False
        try:
            os.mkdir(name, 0o700, dir_fd=dir_fd)
        except FileExistsError:
            info = lstat(dir_fd, name)
            if info is not None and not stat.S_ISDIR(info.st_mode):
                hidden = is_whiteout(info)
                if self._keep_kinds:
                    raise InvalidArgument(
                        f'cannot overwrite non-directory "{entry.name}" with directory "{self._shown}"'
                    ) from None
                self._remove(dir_fd, path, name)
                os.mkdir(name, 0o700, dir_fd=dir_fd)
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
        try:
            make.dress(entry, fd)
            if hidden:  # what the layers below have there stays hidden
                os.setxattr(fd, OPAQUE, b"y")
        finally:
            os.close(fd)
        self._times[path] = entry.mtime_ns

    def _make_other(
        self, entry: Entry, stream: ForwardReader, dir_fd: int, path: str, name: str
    ) -> None:
        """A later member of the same name takes the place of the one before."""
        try:
            self._make(entry, stream, dir_fd, name)
        except FileExistsError:
            if self._keep_kinds and stat.S_ISDIR(
                os.lstat(f"/proc/self/fd/{dir_fd}/{name}").st_mode
            ):
                raise InvalidArgument(
                    f'cannot overwrite directory "{entry.name}" with non-directory "{self._shown}"'
                ) from None
            self._remove(dir_fd, path, name)
            dir_fd = self._parents.open(path.rpartition("/")[0])
            self._make(entry, stream, dir_fd, name)

    def _make(self, entry: Entry, stream: ForwardReader, dir_fd: int, name: str) -> None:
        if entry.isreg():
            make.make_file(entry, stream, dir_fd, name)
        elif entry.issym():
            make.make_symlink(entry, dir_fd, name)
        elif entry.islnk():
            self._make_hard_link(entry, dir_fd, name)
        elif entry.type in (CHARACTER, BLOCK_DEVICE, FIFO):
            make.make_node(entry, dir_fd, name)
        else:
            raise InvalidArgument(f"unhandled tar header type {entry.type[0]}")

    def _remove(self, dir_fd: int, path: str, name: str) -> None:
        """Descriptors and times below it are of no use any more."""
        self._parents.forget()
        if path in self._times:
            inside = f"{path}/"
            kept = {p: t for p, t in self._times.items() if p != path and not p.startswith(inside)}
            self._times = kept
        dir_fd = self._parents.open(path.rpartition("/")[0])
        remove_tree(dir_fd, name)

    def _make_hard_link(self, entry: Entry, dir_fd: int, name: str) -> None:
        try:
            target = self._prefix + clean_name(entry.linkname)
        except InvalidArgument:
            raise InvalidArgument(f'invalid hardlink target "{entry.linkname}"') from None
        parent, _, target_name = target.rpartition("/")
        source_fd = fds.openat2(self._root_fd, parent or ".", os.O_PATH | os.O_DIRECTORY)
        try:
            os.link(
                target_name, name, src_dir_fd=source_fd, dst_dir_fd=dir_fd, follow_symlinks=False
            )
        except FileNotFoundError:
            raise InvalidArgument(
                f"linkat {entry.linkname} {entry.name}: no such file or directory"
            ) from None
        finally:
            os.close(source_fd)

    def _set_directory_times(self) -> None:
        """Last, since making members changed them. One that is no directory any more has none to set."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        for path, time_ns in self._times.items():
            with contextlib.suppress(KernelError):
                fd = fds.openat2(self._root_fd, path or ".", flags)
                try:
                    os.utime(fd, ns=(time_ns, time_ns))
                finally:
                    os.close(fd)


def clean_name(name: str) -> str:
    """A member's path relative to the root, without `.` and `..`; empty is the root itself.

    Raises:
        InvalidArgument: it climbs above the root.
    """
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                raise InvalidArgument(f'invalid entry name "{name}"')
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _translate(error: OSError | KernelError, path: str) -> NoReturn:
    """A full disk is nobody's fault; all else is the archive's. Raises: Unavailable, InvalidArgument."""
    number = error.errno or 0
    made: GoraeError
    if number == errno.EXDEV:  # something is mounted there, which cannot be replaced
        number = errno.EBUSY
    if number in (errno.ENOSPC, errno.EDQUOT):
        made = Unavailable(NO_SPACE)
    elif number in _OURS:
        made = Unavailable(f"the store cannot be written: {os.strerror(number).lower()}")
    else:
        made = InvalidArgument(f'cannot unpack "{path[:255]}": {os.strerror(number).lower()}')
    raise made from error
