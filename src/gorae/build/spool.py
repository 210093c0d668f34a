"""An uploaded context: the archive kept as it came in one unnamed file, its members found by an index.

Nothing is unpacked: a file's content is a range of the spool. Reading goes on in a thread of its own while the build has
begun; whoever asks for a file waits until the whole is here, but a member that has come already can be had at once
(`early`). Links stay links and are resolved inside the index, so that no member leads out.
"""

import hashlib
import os
import stat
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

from gorae.build.folder import PIECE
from gorae.build.tree import Node, clean
from gorae.errors import GoraeError, InvalidArgument
from gorae.oci.tar import header
from gorae.oci.tar.header import Entry
from gorae.oci.tar.reader import ForwardReader, members
from gorae.store.archive.compression import Reader
from gorae.store.ingest import disk_error

MAX_EARLY_BYTES = 16 << 20
_TYPES = {
    header.DIRECTORY: stat.S_IFDIR,
    header.SYMLINK: stat.S_IFLNK,
    header.CHARACTER: stat.S_IFCHR,
    header.BLOCK_DEVICE: stat.S_IFBLK,
    header.FIFO: stat.S_IFIFO,
}


class Spool:
    """The tree of one archive; closed by its owner."""

    def __init__(self, directory: Path, *, as_root: bool = True) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115 - lives with the spool
        self._as_root = as_root
        self._nodes: dict[str, Node] = {"": _folder("")}
        self._names: dict[str, set[str]] = {"": set()}
        self._xattrs: dict[str, dict[str, bytes]] = {}
        self._size = 0
        self._sorted: dict[str, list[Node]] = {}
        self._changed = threading.Condition()
        self._over = False
        self._error: GoraeError | None = None

    # receiving --------------------------------------------------------------------------------

    def receive(self, source: BinaryIO) -> None:
        """Read the archive to its end; blocking, once. What goes wrong is told to those who ask for files."""
        try:
            stream = ForwardReader(Reader(source), hashed=False)
            for entry in members(stream):
                self._member(entry, stream)
                if self._over:
                    return
            while not self._over and stream.read(PIECE):
                pass
        except GoraeError as error:
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def put(self, path: str, data: bytes) -> None:
        """An archive of one file."""
        node = Node(path, stat.S_IFREG | 0o644, size=len(data))
        os.pwrite(self._file.fileno(), data, 0)
        self._insert(path, node)
        self.end()

    def end(self) -> None:
        """An archive of nothing."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def abandon(self, error: GoraeError) -> None:
        """Nothing more comes."""
        with self._changed:
            self._error = self._error or error
            self._over = True
            self._changed.notify_all()

    def _member(self, entry: Entry, stream: ForwardReader) -> None:
        path = clean(entry.name)
        if ".." in entry.name.split("/"):
            raise InvalidArgument(f'the context holds "{entry.name[:255]}", which leads out of it')
        node = self._made(entry, path)
        if entry.isreg():
            node.place = self._size
            node.size = entry.real_size if entry.sparse is not None else entry.size
            self._keep(entry, stream)
        with self._changed:
            self._forget(path, keep_below=node.is_dir)
            self._insert(path, node)
            if entry.xattrs:
                self._xattrs[path] = dict(entry.xattrs)
            self._changed.notify_all()

    def _made(self, entry: Entry, path: str) -> Node:
        if entry.islnk():
            target = self._nodes.get(clean(entry.linkname))
            if target is None or not target.is_file:
                raise InvalidArgument(f'invalid hardlink target "{entry.linkname[:255]}"')
            target.links = 2
            return Node(
                path, target.mode, target.uid, target.gid, target.size, target.mtime_ns,
                place=target.place, links=2,
            )  # fmt: skip
        if not entry.isreg() and entry.type not in _TYPES:
            raise InvalidArgument(f"unhandled tar header type {entry.type[0]}")
        return Node(
            path,
            _TYPES.get(entry.type, stat.S_IFREG) | entry.mode & 0o7777,
            0 if self._as_root else entry.uid,
            0 if self._as_root else entry.gid,
            0,
            entry.mtime_ns,
            entry.linkname if entry.issym() else "",
            os.makedev(entry.devmajor, entry.devminor),
        )

    def _keep(self, entry: Entry, stream: ForwardReader) -> None:
        try:
            if entry.sparse is None:
                self._size += self._write(stream, entry.size, self._size)
                return
            for offset, size in entry.sparse:
                self._write(stream, size, self._size + offset)
            self._size += entry.real_size
            os.ftruncate(self._file.fileno(), self._size)
        except OSError as error:
            raise disk_error(error) from error

    def _write(self, stream: ForwardReader, size: int, at: int) -> int:
        done = 0
        for view in stream.pieces(size):
            while view:
                count = os.pwrite(self._file.fileno(), view, at + done)
                view = view[count:]
                done += count
        return done

    def _insert(self, path: str, node: Node) -> None:
        self._nodes[path] = node
        if node.is_dir:
            self._names.setdefault(path, set())
        while path:
            parent, _, name = path.rpartition("/")
            above = self._nodes.get(parent)
            if above is None or not above.is_dir:
                self._nodes[parent] = _folder(parent)
            names = self._names.setdefault(parent, set())
            if name in names:
                return
            names.add(name)
            path = parent

    def _forget(self, path: str, *, keep_below: bool) -> None:
        """A later member of the same name takes the place of the one before."""
        if keep_below or path not in self._names:
            return
        for name in self._names.pop(path):
            below = f"{path}/{name}" if path else name
            self._forget(below, keep_below=False)
            self._nodes.pop(below, None)

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._over)
            if self._error is not None:
                raise self._error

    # reading ----------------------------------------------------------------------------------

    def early(self, path: str) -> bytes | None:
        """A small file's content as soon as it has come; None when the archive ends without it."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or path in self._nodes)
            node = self._nodes.get(path)
            if node is None and self._error is not None:
                raise self._error
        if node is None:
            return None
        if not node.is_file:
            raise InvalidArgument(f'"{path}" in the context is no regular file')
        if node.size > MAX_EARLY_BYTES:
            raise InvalidArgument(f'"{path}" is larger than {MAX_EARLY_BYTES} bytes')
        return os.pread(self._file.fileno(), node.size, node.place)

    def lstat(self, path: str) -> Node | None:
        """See Tree."""
        self._wait()
        return self._nodes.get(path)

    def children(self, path: str) -> list[Node]:
        """See Tree."""
        self._wait()
        found = self._sorted.get(path)
        if found is None:
            stem = f"{path}/" if path else ""
            names = sorted(self._names.get(path, ()), key=header.encode)
            found = self._sorted[path] = [self._nodes[stem + name] for name in names]
        return found

    def digest(self, node: Node) -> bytes:
        """See Tree."""
        if not node.digest:
            found = hashlib.sha256()
            at, left = node.place, node.size
            while left and (piece := os.pread(self._file.fileno(), min(left, PIECE), at)):
                found.update(piece)
                at += len(piece)
                left -= len(piece)
            node.digest = found.digest()
        return node.digest

    def open(self, node: Node) -> tuple[int, int]:
        """See Tree."""
        return os.dup(self._file.fileno()), node.place

    def unchanged(self, node: Node, fd: int) -> bool:
        """See Tree: nobody else can write the spool."""
        return True

    def xattrs(self, node: Node, fd: int | None) -> dict[str, bytes]:
        """See Tree."""
        return self._xattrs.get(node.path, {})

    def close(self) -> None:
        """Give the disk's room back."""
        self._file.close()


def _folder(path: str) -> Node:
    return Node(path, stat.S_IFDIR | 0o755)
