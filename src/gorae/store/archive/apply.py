"""A layer's tar unpacked into a snapshot's upper directory; blocking.

The names are a stranger's. Parents are opened by openat2 below the target, files are made with a directory's
descriptor, so that no link and no `..` leads out; a non-directory in the way is removed first, as tar does. What a
whiteout hides is told to overlayfs in its own form: a character device 0:0, and `trusted.overlay.opaque`.
Source: image-spec v1.1 layer.md.
"""

import contextlib
import errno
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tarfile import InvalidHeaderError, TruncatedHeaderError  # type: ignore[attr-defined]
from typing import Any, BinaryIO

from gorae.errors import InvalidArgument, KernelError
from gorae.linux import fd as fds
from gorae.oci.digest import DiffId
from gorae.store.archive.compression import Reader
from gorae.store.content import disk_error

MAX_ENTRIES = 2_000_000
MAX_NAME_BYTES = 4096
MAX_PAX_BYTES = 8 << 20
PIECE = 1 << 20
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
META = ".wh..wh."
OVERLAY_OPAQUE = "trusted.overlay.opaque"
XATTR_PREFIX = "SCHILY.xattr."
OPEN_DIRECTORIES = 64


class ForwardReader:
    """A stream with tell and forward seek, as tarfile's header parser wants it, hashed as it goes by."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self._at = 0
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """`size` bytes unless the stream ends before."""
        if 0 <= size <= len(self._left):
            out, self._left = self._left[:size], self._left[size:]
            self._at += len(out)
            return out
        parts, missing = [self._left], (size if size >= 0 else 1 << 62) - len(self._left)
        self._left = b""
        while missing > 0:
            data = self._source.read(PIECE)
            if not data:
                break
            self._hash.update(data)
            parts.append(data[:missing])
            self._left = data[missing:]
            missing -= len(parts[-1])
        out = b"".join(parts)
        self._at += len(out)
        return out

    def tell(self) -> int:
        """Bytes given so far."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Forward only."""
        if whence != 0 or offset < self._at:
            raise InvalidArgument("an archive is read forward only")
        while self._at < offset:
            if not self.read(min(PIECE, offset - self._at)):
                break
        return self._at

    def finish(self) -> DiffId:
        """Read to the end; the digest of all."""
        while self.read(PIECE):
            pass
        return DiffId(f"sha256:{self._hash.hexdigest()}")


def apply_layer(source: BinaryIO, target: Path, *, whiteouts: bool = True) -> DiffId:
    """Unpack a layer, plain or compressed, below `target`; the diff_id of what was read.

    `whiteouts` False: `.wh.` names are ordinary files (a root file system's archive, not a layer).

    Raises:
        InvalidArgument: a corrupt archive, or a member that leads out. Unavailable: the disk is full.
    """
    stream = ForwardReader(Reader(source))
    with Unpacker(target, whiteouts=whiteouts) as unpacker:
        for member in members(stream):
            unpacker.unpack(member, stream)
    return stream.finish()


def members(stream: ForwardReader) -> Iterator[tarfile.TarInfo]:
    """The archive's members, each to be consumed before the next is asked for.

    Raises:
        InvalidArgument: a corrupt header, or too many members.
    """
    try:
        tar = tarfile.TarFile(
            fileobj=stream, mode="r", errors="surrogateescape", tarinfo=_StrictInfo  # type: ignore[arg-type]
        )
        for _ in range(MAX_ENTRIES + 1):
            member = tar.next()
            tar.members.clear()  # the list would hold every member of the archive
            if member is None:
                return
            yield member
    except tarfile.ReadError as error:
        if str(error) == "empty file":  # no member at all is a valid archive
            return
        raise InvalidArgument(f"invalid tar archive: {error}") from None
    except (tarfile.TarError, ValueError, OverflowError, EOFError, UnicodeError) as error:
        raise InvalidArgument(f"invalid tar archive: {error}") from None
    raise InvalidArgument(f"invalid tar archive: more than {MAX_ENTRIES} members")


class _StrictInfo(tarfile.TarInfo):
    """Headers that are cut or corrupt end the reading loudly; tarfile itself takes them for the end."""

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> "_StrictInfo":  # noqa: A002 - the base class's name
        """Raises: InvalidArgument."""
        try:
            return super().fromtarfile(tarfile)
        except TruncatedHeaderError:
            raise InvalidArgument("unexpected EOF") from None
        except InvalidHeaderError:
            raise InvalidArgument("archive/tar: invalid tar header") from None


class Unpacker:
    """Makes members below one directory."""

    def __init__(self, target: Path, *, whiteouts: bool) -> None:
        self._root = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._whiteouts = whiteouts
        self._dirs: dict[str, int] = {}
        self._times: dict[str, int] = {}

    def __enter__(self) -> "Unpacker":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._set_directory_times()
        finally:
            self._forget_directories()
            os.close(self._root)

    def unpack(self, member: tarfile.TarInfo, stream: ForwardReader) -> None:
        """Make one member. Raises: InvalidArgument, Unavailable: as `apply_layer`."""
        path = clean_name(member.name)
        try:
            if not path:
                self._root_itself(member)
                return
            parent, _, name = path.rpartition("/")
            dir_fd = self._directory(parent)
            if self._whiteouts and name.startswith(WHITEOUT):
                self._whiteout(dir_fd, parent, name)
                return
            self._make(member, stream, dir_fd, path, name)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
                raise disk_error(error) from error
            why = (error.strerror or str(error)).lower()
            raise InvalidArgument(f'cannot unpack "{path}": {why}') from error
        except KernelError as error:
            raise InvalidArgument(f'cannot unpack "{path}": {error.message}') from error

    # where ------------------------------------------------------------------------------------

    def _directory(self, path: str) -> int:
        """A descriptor of the directory `path`, made with docker's mode where it is missing."""
        if not path:
            return self._root
        found = self._dirs.get(path)
        if found is not None:
            return found
        if len(self._dirs) >= OPEN_DIRECTORIES:
            self._forget_directories()
        flags = os.O_RDONLY | os.O_DIRECTORY
        try:
            fd = fds.openat2(self._root, path, flags)
        except KernelError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            parent, _, name = path.rpartition("/")
            above = self._directory(parent)
            _remove_other_kind(above, name)
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=above)
            fd = fds.openat2(self._root, path, flags)
        self._dirs[path] = fd
        return fd

    def _forget_directories(self) -> None:
        for fd in self._dirs.values():
            os.close(fd)
        self._dirs.clear()

    # what -------------------------------------------------------------------------------------

    def _root_itself(self, member: tarfile.TarInfo) -> None:
        if member.isdir():
            os.fchown(self._root, member.uid, member.gid)
            os.fchmod(self._root, member.mode & 0o7777)
            self._times[""] = _mtime_ns(member)

    def _make(
        self, member: tarfile.TarInfo, stream: ForwardReader, dir_fd: int, path: str, name: str
    ) -> None:
        if member.isdir():
            self._make_directory(member, dir_fd, path, name)
            return
        self._clear(dir_fd, name, path)
        if member.isreg():
            _make_file(member, stream, dir_fd, name)
        elif member.issym():
            os.symlink(member.linkname, name, dir_fd=dir_fd)
            _own_link(member, dir_fd, name)
        elif member.islnk():
            self._make_hard_link(member, dir_fd, name)
        elif member.ischr() or member.isblk() or member.isfifo():
            _make_node(member, dir_fd, name)
        else:
            raise InvalidArgument(f'cannot unpack "{path}": unhandled tar header type {member.type!r}')

    def _clear(self, dir_fd: int, name: str, path: str) -> None:
        """Make room: a later member of the same name wins."""
        try:
            os.unlink(name, dir_fd=dir_fd)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            self._forget_directories()
            self._times = {p: t for p, t in self._times.items() if p != path and not p.startswith(f"{path}/")}
            _remove_tree(self._directory(path.rpartition("/")[0]), name)

    def _make_directory(
        self, member: tarfile.TarInfo, dir_fd: int, path: str, name: str
    ) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=dir_fd)
        except FileExistsError:
            if _is_other(dir_fd, name):
                os.unlink(name, dir_fd=dir_fd)
                os.mkdir(name, 0o700, dir_fd=dir_fd)
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            os.fchown(fd, member.uid, member.gid)
            _set_xattrs(member, fd)
            os.fchmod(fd, member.mode & 0o7777)
        finally:
            os.close(fd)
        self._times[path] = _mtime_ns(member)

    def _make_hard_link(self, member: tarfile.TarInfo, dir_fd: int, name: str) -> None:
        target = clean_name(member.linkname)
        parent, _, target_name = target.rpartition("/")
        if not target_name:
            raise InvalidArgument(f'invalid hardlink "{member.name}" -> "{member.linkname}"')
        source_fd = fds.openat2(self._root, parent or ".", os.O_PATH | os.O_DIRECTORY)
        try:
            os.link(
                target_name, name, src_dir_fd=source_fd, dst_dir_fd=dir_fd, follow_symlinks=False
            )
        except FileNotFoundError:
            raise InvalidArgument(
                f'invalid hardlink "{member.name}" -> "{member.linkname}": no such file in the archive'
            ) from None
        finally:
            os.close(source_fd)

    def _whiteout(self, dir_fd: int, parent: str, name: str) -> None:
        if name == OPAQUE:
            os.setxattr(dir_fd, OVERLAY_OPAQUE, b"y")
            return
        hidden = name.removeprefix(WHITEOUT)
        if name.startswith(META):  # aufs's own bookkeeping
            return
        if not hidden or hidden in (".", ".."):
            raise InvalidArgument(f'invalid whiteout "{name}"')
        self._clear(dir_fd, hidden, f"{parent}/{hidden}" if parent else hidden)
        os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0), dir_fd=self._directory(parent))

    def _set_directory_times(self) -> None:
        """Last, since making members changed them; deepest first."""
        for path, time_ns in sorted(self._times.items(), reverse=True):
            with contextlib.suppress(KernelError, OSError):
                fd = fds.openat2(
                    self._root, path or ".", os.O_RDONLY | os.O_DIRECTORY,
                    resolve=fds.RESOLVE_IN_ROOT | fds.RESOLVE_NO_SYMLINKS,
                )
                os.utime(fd, ns=(time_ns, time_ns))
                os.close(fd)


def clean_name(name: str) -> str:
    """A member's path relative to the root, without `.` parts; empty is the root itself.

    Raises:
        InvalidArgument: `..`, a NUL, or too long.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise InvalidArgument(f'invalid tar archive: member "{name}" is outside of the root')
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise InvalidArgument("invalid tar archive: a member's name is too long")
    return "/".join(parts)


def _make_file(
    member: tarfile.TarInfo, stream: ForwardReader, dir_fd: int, name: str
) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=dir_fd)
    try:
        if member.issparse():
            _write_sparse(member, stream, fd)
        else:
            _write_data(stream, fd, member.size)
        os.fchown(fd, member.uid, member.gid)
        _set_xattrs(member, fd)
        os.fchmod(fd, member.mode & 0o7777)
        time_ns = _mtime_ns(member)
        os.utime(fd, ns=(time_ns, time_ns))
    finally:
        os.close(fd)


def _write_data(stream: ForwardReader, fd: int, size: int) -> None:
    while size > 0:
        data = stream.read(min(size, PIECE))
        if not data:
            raise InvalidArgument("unexpected EOF")
        size -= len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]


def _write_sparse(member: tarfile.TarInfo, stream: ForwardReader, fd: int) -> None:
    os.ftruncate(fd, member.size)
    for offset, size in member.sparse or ():  # type: ignore[attr-defined]
        if offset < 0 or size < 0 or offset + size > member.size:
            raise InvalidArgument("invalid tar archive: a sparse map leads out of its file")
        os.lseek(fd, offset, os.SEEK_SET)
        _write_data(stream, fd, size)


def _make_node(member: tarfile.TarInfo, dir_fd: int, name: str) -> None:
    kind = stat.S_IFIFO if member.isfifo() else stat.S_IFCHR if member.ischr() else stat.S_IFBLK
    device = 0 if member.isfifo() else os.makedev(member.devmajor, member.devminor)
    os.mknod(name, kind | 0o600, device, dir_fd=dir_fd)
    os.chown(name, member.uid, member.gid, dir_fd=dir_fd, follow_symlinks=False)
    os.chmod(name, member.mode & 0o7777, dir_fd=dir_fd)
    time_ns = _mtime_ns(member)
    os.utime(name, ns=(time_ns, time_ns), dir_fd=dir_fd, follow_symlinks=False)


def _own_link(member: tarfile.TarInfo, dir_fd: int, name: str) -> None:
    os.chown(name, member.uid, member.gid, dir_fd=dir_fd, follow_symlinks=False)
    time_ns = _mtime_ns(member)
    os.utime(name, ns=(time_ns, time_ns), dir_fd=dir_fd, follow_symlinks=False)


def _set_xattrs(member: tarfile.TarInfo, fd: int) -> None:
    """PAX SCHILY.xattr records; overlayfs's own are not a stranger's to set."""
    for key, value in member.pax_headers.items():
        if key.startswith(XATTR_PREFIX):
            name = key.removeprefix(XATTR_PREFIX)
            if name.startswith(("trusted.overlay.", "user.overlay.")):
                continue
            try:
                os.setxattr(fd, name, value.encode("utf-8", "surrogateescape"))
            except OSError as error:
                if error.errno not in (errno.ENOTSUP, errno.EPERM):
                    raise


def _mtime_ns(member: tarfile.TarInfo) -> int:
    text = member.pax_headers.get("mtime", "")
    if text:
        whole, _, part = text.partition(".")
        with contextlib.suppress(ValueError):
            return int(whole) * 1_000_000_000 + int((part + "0" * 9)[:9])
    return int(member.mtime * 1_000_000_000)


def _is_other(dir_fd: int, name: str) -> bool:
    return not stat.S_ISDIR(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode)


def _remove_other_kind(dir_fd: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if _is_other(dir_fd, name):
            os.unlink(name, dir_fd=dir_fd)


def _remove_tree(dir_fd: int, name: str) -> None:
    """rm -r of one directory, by descriptors: links are removed, never followed."""
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        for entry in os.scandir(fd):
            if entry.is_dir(follow_symlinks=False):
                _remove_tree(fd, entry.name)
            else:
                os.unlink(entry.name, dir_fd=fd)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=dir_fd)
