"""A container's files from outside: what `cp` asks for, what `export` writes.

Paths are a client's, links are a container's: every name is opened below the view's root, and a part of a path is
never looked up twice between a check and its use. Docker's meaning of a path is kept: a trailing `/` or `/.` follows
a last link and wants a directory; without it the link itself is meant.
"""

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gorae.engine.bringup import Bringup
from gorae.engine.events import Events
from gorae.engine.model import Container, MountRecord
from gorae.engine.record import Record, Records
from gorae.errors import InvalidArgument, KernelError, NotFound, PermissionDenied
from gorae.linux import fd as fds
from gorae.linux import mount
from gorae.oci.tar.reader import ForwardReader, members
from gorae.runtime import user, view
from gorae.store.archive.apply import Unpacker, clean_name
from gorae.store.archive.compression import Reader
from gorae.store.archive.live import LivePacker, Sink
from gorae.store.snapshot import Snapshotter

Run = Callable[..., Awaitable[Any]]
MAX_LINKS = 255
KERNEL_DIRECTORIES = ("/proc", "/sys")
RUNTIME_DIRECTORIES = ("/proc", "/sys", "/dev")
"""Mounted by the runtime: an archive of what is above them has them empty, as the image does."""


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What a client is told of a path; `mode` is st_mode, `link_target` absolute inside the container."""

    name: str
    size: int
    mode: int
    mtime_ns: int
    link_target: str = ""


@dataclass(frozen=True, slots=True)
class FileView:
    """One container's tree, open: blocking calls for a worker thread."""

    container: Container
    ref: str
    """As the client named it."""
    root_fd: int
    bare_fd: int = -1
    """The root file system without what is mounted in it, of one that runs; else -1."""

    def _root_of(self, path: str) -> int:
        """Where a path is looked up: /proc and /sys of a running container are no files of it, as docker has it."""
        if self.bare_fd < 0:
            return self.root_fd
        place = resolved(self.root_fd, path)
        kernel = any(place == one or place.startswith(one + "/") for one in KERNEL_DIRECTORIES)
        if kernel and _covering(place, self.container.mounts) is None:
            return self.bare_fd
        return self.root_fd

    def stat(self, path: str) -> PathInfo:
        """Raises: NotFound: no such path."""
        clean = absolute(path)
        fd = self._open(clean)
        try:
            info = os.fstat(fd)
        finally:
            os.close(fd)
        target = ""
        if stat.S_ISLNK(info.st_mode):
            target = resolved(self.root_fd, clean)
        name = posixpath.basename(clean.rstrip("/")) or "/"
        return PathInfo(name, info.st_size, info.st_mode, info.st_mtime_ns, target)

    def _open(self, clean: str) -> int:
        """O_PATH; a last link is not followed unless a slash stands after it."""
        try:
            return fds.openat2(self._root_of(clean), clean, os.O_PATH | os.O_NOFOLLOW)
        except KernelError as error:
            if error.errno == errno.ENOTDIR:
                raise InvalidArgument(f"lstat {clean}: not a directory") from None
            if error.errno in (errno.ENOENT, errno.ELOOP):
                raise NotFound(f"Could not find the file {clean} in container {self.ref}") from None
            raise

    def pack(self, path: str, out: Sink) -> None:
        """A path as a tar: a directory with all below under its own name, `DIR/.` under `.`. Raises: NotFound."""
        clean = absolute(path)
        packer = LivePacker(out, enters=self._enters)
        fd = self._open(clean)
        try:
            base = posixpath.basename(clean.rstrip("/")) or "/"
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                packer.add_directory(base, fd)
            else:
                self._pack_other(packer, clean, base)
            packer.finish()
        finally:
            os.close(fd)

    def _pack_other(self, packer: LivePacker, clean: str, base: str) -> None:
        parent = posixpath.dirname(clean)
        parent_fd = fds.openat2(self._root_of(clean), parent, os.O_PATH | os.O_DIRECTORY)
        try:
            packer.add(base, parent_fd, base)
        finally:
            os.close(parent_fd)

    @property
    def _enters(self) -> Callable[[os.stat_result], bool]:
        """All directories but the runtime's own mounts."""
        if not self.container.state.pid:
            return lambda _: True
        wanted = {one.target for one in self.container.mounts}
        outside = set()
        for path in RUNTIME_DIRECTORIES:
            if path not in wanted:
                with contextlib.suppress(KernelError):
                    fd = fds.openat2(self.root_fd, path, os.O_PATH | os.O_NOFOLLOW)
                    info = os.fstat(fd)
                    os.close(fd)
                    outside.add((info.st_dev, info.st_ino))
        return lambda info: (info.st_dev, info.st_ino) not in outside

    def unpack(
        self, path: str, source: BinaryIO, *, keep_kinds: bool = False, as_user: bool = False
    ) -> None:
        """A tar, plain or compressed, into the directory `path`.

        `as_user`: everything comes to belong to the container's user, when it has one.

        Raises:
            NotFound: no such directory. InvalidArgument: it is none, a corrupt archive, or a member that
            leads out. PermissionDenied: it cannot be written.
        """
        clean = absolute(path)
        root_fd = self._root_of(clean)
        try:
            target_fd = fds.openat2(root_fd, clean, os.O_PATH)
        except KernelError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise NotFound(f"Could not find the file {clean} in container {self.ref}") from None
            raise
        try:
            if not stat.S_ISDIR(os.fstat(target_fd).st_mode):
                raise InvalidArgument("extraction point is not a directory")
        finally:
            os.close(target_fd)
        target = resolved(root_fd, clean)
        self._refuse_readonly(target)
        self._unpack(root_fd, target, source, keep_kinds=keep_kinds, as_user=as_user)

    def _unpack(
        self, root_fd: int, target: str, source: BinaryIO, *, keep_kinds: bool, as_user: bool
    ) -> None:
        who = None
        if as_user and self.container.spec.user:
            who = user.lookup(self.root_fd, self.container.spec.user, ())
        stream = ForwardReader(Reader(source), hashed=False)
        with Unpacker(root_fd, prefix=target, keep_kinds=keep_kinds) as unpacker:
            for entry in members(stream):
                if not clean_name(entry.name):  # the directory itself stays as it is
                    continue
                if who is not None:
                    entry.uid, entry.gid = who.uid, who.gid
                unpacker.unpack(entry, stream)
        stream.finish()

    def _refuse_readonly(self, path: str) -> None:
        """In docker's words, before anything is written."""
        over = _covering(path, self.container.mounts)
        if over is not None and over.readonly:
            raise PermissionDenied("mounted volume is marked read-only")
        if over is None and self.container.spec.readonly_rootfs:
            raise PermissionDenied("container rootfs is marked read-only")

    def export(self, out: Sink) -> None:
        """Everything below the root, the root itself left out."""
        packer = LivePacker(out)
        for name in sorted(os.listdir(f"/proc/self/fd/{self.root_fd}"), key=os.fsencode):
            with contextlib.suppress(FileNotFoundError):
                packer.add(name, self.root_fd, name)
        packer.finish()


def _covering(path: str, mounts: Sequence[MountRecord]) -> MountRecord | None:
    """The mount that a path of the container lies on: the deepest."""
    inside = [one for one in mounts if path == one.target or path.startswith(one.target + "/")]
    return max(inside, key=lambda one: len(one.target), default=None)


def absolute(path: str) -> str:
    """Clean and absolute, a trailing `/` or `/.` kept."""
    clean = posixpath.normpath("/" + path)
    clean = "/" + clean.lstrip("/")
    if clean == "/":
        return "/." if is_content(path) else "/"
    if is_content(path):
        return clean + "/."
    return clean + "/" if path.endswith("/") else clean


def is_content(path: str) -> bool:
    """Whether it says `DIR/.`."""
    return path == "." or path.endswith("/.")


def resolved(root_fd: int, path: str) -> str:
    """A path with all links followed, as far as it exists; absolute inside the root.

    Raises:
        InvalidArgument: links in a circle.
    """
    done: list[str] = []
    ahead = path.split("/")[::-1]
    links = 0
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = done[:-1]
            continue
        target = _link_target(root_fd, "/".join([*done, part]))
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > MAX_LINKS:
            raise InvalidArgument(f'too many links in "{path[:200]}"')
        if target.startswith("/"):
            done = []
        ahead += target.split("/")[::-1]
    return "/" + "/".join(done)


def _link_target(root_fd: int, path: str) -> str | None:
    try:
        fd = fds.openat2(root_fd, path, os.O_PATH | os.O_NOFOLLOW)
    except KernelError:
        return None
    try:
        return os.readlink("", dir_fd=fd)
    except OSError:
        return None
    finally:
        os.close(fd)


class Files:
    """Opens views; the rest of the work is the view's."""

    def __init__(
        self,
        records: Records,
        bringup: Bringup,
        snapshots: Snapshotter,
        events: Events,
        exec_root: Path,
        run: Run,
    ) -> None:
        self._records = records
        self._bringup = bringup
        self._snapshots = snapshots
        self._events = events
        self._point = exec_root / "view"
        self._run = run

    @contextlib.asynccontextmanager
    async def opened(self, ref: str, event: str = "") -> AsyncIterator[FileView]:
        """A container's tree with its mounts. A stopped one stays stopped meanwhile; `event` is announced at the end.

        Raises:
            NotFound: no such container.
        """
        async with self._held(ref) as record:
            async with self._entered(self._tree(record.container)) as root_fd:
                with self._bare(record.container) as bare_fd:
                    yield FileView(record.container, ref, root_fd, bare_fd)
        if event:
            attributes = {**record.container.spec.labels, "image": record.container.spec.image}
            self._events.publish(
                "container", event, record.id, {**attributes, "name": record.container.name}
            )

    @contextlib.asynccontextmanager
    async def opened_alone(self, ref: str) -> AsyncIterator[FileView]:
        """A container's own root file system, without what is mounted in it."""
        async with self._held(ref) as record:
            async with self._entered(self._root(record.container)) as root_fd:
                yield FileView(record.container, ref, root_fd)

    @contextlib.asynccontextmanager
    async def _held(self, ref: str) -> AsyncIterator[Record]:
        """A stopped container is kept from starting and from being removed."""
        record = self._records.find(ref)
        async with contextlib.AsyncExitStack() as stack:
            if not record.state.pid:
                await stack.enter_async_context(record.lock)
            if record.removed:
                raise NotFound(f"No such container: {ref}")
            if record.state.pid:
                await stack.aclose()
            yield record

    @contextlib.asynccontextmanager
    async def _entered(
        self, opening: "contextlib.AbstractContextManager[int]"
    ) -> AsyncIterator[int]:
        root_fd = await self._run(opening.__enter__)
        try:
            yield root_fd
        finally:
            await self._run(opening.__exit__, None, None, None)

    def _tree(self, container: Container) -> "contextlib.AbstractContextManager[int]":
        if container.state.pid:
            return view.running(container.state.pid)
        return self._stopped(container)

    @contextlib.contextmanager
    def _stopped(self, container: Container) -> Iterator[int]:
        """With the very mounts that a start would give it: a part of a volume, an image, a mapped folder."""
        mounts = self._snapshots.mounts(container.id)
        with self._bringup.sources(container) as prepared:
            bound = list(self._bound(prepared))
            with view.private(mounts, bound, self._point) as root_fd:
                yield root_fd

    @contextlib.contextmanager
    def _bare(self, container: Container) -> Iterator[int]:
        rootfs = str(self._bringup.rootfs(container.id))
        if not container.state.pid or not mount.is_mount_point(rootfs):
            yield -1
            return
        with fds.open_root(rootfs) as bare_fd:
            yield bare_fd

    def _root(self, container: Container) -> "contextlib.AbstractContextManager[int]":
        rootfs = self._bringup.rootfs(container.id)
        if container.state.pid and mount.is_mount_point(str(rootfs)):
            return fds.open_root(str(rootfs))
        return view.private(self._snapshots.mounts(container.id), (), self._point)

    def _bound(self, container: Container) -> Iterator[view.Bound]:
        """What has content while nothing runs: volumes, binds, the files under /etc."""
        for one in container.mounts:
            if one.kind in ("bind", "volume", "image"):
                yield view.Bound(one.source, one.target, one.readonly)
        taken = {one.target for one in container.mounts}
        for target, source in (
            ("/etc/hosts", container.hosts_path),
            ("/etc/hostname", container.hostname_path),
            ("/etc/resolv.conf", container.resolv_conf_path),
        ):
            if target not in taken and source and os.path.isfile(source):
                yield view.Bound(source, target)
