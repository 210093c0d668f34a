"""What a container's mounts need before the runtime can bind them, made at start and taken down at the end; blocking.

    <exec root>/points/<container>/<n>    what the runtime is handed instead of the source itself: part of a volume,
                                          an image, an idmapped folder

A source is opened once and its descriptor is mounted at a point of ours, so that nobody can swap it for a link between
a check and the mount. Taking down only ever unmounts: nothing is removed but the empty points.
"""

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gorae.engine import idmap
from gorae.engine.copyup import open_inside
from gorae.engine.idmap import Ids
from gorae.engine.model import Container, MountRecord
from gorae.engine.volumes import Volume, Volumes
from gorae.errors import GoraeError, InvalidArgument, KernelError
from gorae.linux import mount, userns
from gorae.store.snapshot import Snapshotter


class MountPoints:
    """Prepares and releases."""

    def __init__(self, volumes: Volumes, snapshots: Snapshotter, exec_root: Path) -> None:
        self._volumes = volumes
        self._snapshots = snapshots
        self._root = exec_root / "points"

    def prepare(self, container: Container, user: Ids) -> Container:
        """The container with sources that the runtime can bind. `user`: its first process's ids.

        Raises:
            InvalidArgument: a source is gone, or cannot be mounted.
        """
        records = [
            self._prepared(container, number, one, user)
            for number, one in enumerate(container.mounts)
        ]
        return replace(container, mounts=tuple(records))

    def _prepared(
        self, container: Container, number: int, one: MountRecord, user: Ids
    ) -> MountRecord:
        match one.kind:
            case "bind":
                return self._bind(container, number, one, user)
            case "volume":
                self._volumes.ensure(Volume(one.name, "", 0, anonymous=one.anonymous))
                self._volumes.use(one.name, container.id)
                if one.request is None or not one.request.subpath:
                    return one
                fd = open_inside(one.source, one.request.subpath)
            case "image":
                fd = self._image(container.id, number, one)
            case _:
                return one
        try:
            return replace(one, source=self._attach(container.id, str(number), fd))
        finally:
            os.close(fd)

    def has_mapped(self, container: Container) -> bool:
        """Whether a mount of it depends on its user."""
        caller = container.spec.caller
        return any(
            one.kind == "bind" and wanted_map(one, caller, Ids(0, 0)) is not None
            for one in container.mounts
        )

    def _bind(self, container: Container, number: int, one: MountRecord, user: Ids) -> MountRecord:
        _make_source(one)
        wanted = wanted_map(one, container.spec.caller, user)
        if wanted is None:
            return one
        fd = os.open(one.source, os.O_PATH | os.O_CLOEXEC)
        try:
            tree_fd = mapped_tree(fd, wanted)
        except GoraeError:
            if one.request is not None and one.request.idmap in ("", "auto"):
                return one  # create has told that this file system cannot
            raise
        finally:
            os.close(fd)
        try:
            return replace(one, source=self._attach_tree(container.id, str(number), tree_fd))
        finally:
            os.close(tree_fd)

    def _image(self, container_id: str, number: int, one: MountRecord) -> int:
        """The image's tree mounted at a point of ours; what is wanted of it, open."""
        where = self._point(container_id, f"{number}.image", directory=True)
        if not mount.is_mount_point(where):
            mount.mount_all(self._snapshots.mounts(image_key(container_id, one.target)), where)
        return open_inside(where, one.request.subpath if one.request else "")

    def _attach(self, container_id: str, name: str, fd: int) -> str:
        tree_fd = mount.clone_tree(fd)
        try:
            return self._attach_tree(container_id, name, tree_fd)
        finally:
            os.close(tree_fd)

    def _attach_tree(self, container_id: str, name: str, tree_fd: int) -> str:
        is_directory = stat.S_ISDIR(os.fstat(tree_fd).st_mode)
        where = self._point(container_id, name, directory=is_directory)
        _unmount(where)
        mount.mount_setattr(tree_fd, 0, propagation=mount.MS_PRIVATE)
        mount.move_mount(tree_fd, where)
        return where

    def _point(self, container_id: str, name: str, *, directory: bool) -> str:
        folder = self._root / container_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name
        if directory:
            path.mkdir(exist_ok=True)
        else:
            path.touch()
        return str(path)

    def release(self, container_id: str) -> None:
        """Unmount what was prepared; found unmounted is fine."""
        folder = self._root / container_id
        with contextlib.suppress(FileNotFoundError):
            for name in sorted(os.listdir(folder), key=lambda one: "." in one):
                _unmount(str(folder / name))
                _remove_point(folder / name)
            folder.rmdir()
        self._volumes.release_idle(container_id)

    def known(self) -> set[str]:
        """Containers for which something is prepared."""
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(self._root))
        return set()


def image_key(container_id: str, target: str) -> str:
    """The key of the view by which a container holds an image that it mounts."""
    return f"{container_id} {target}"


def _make_source(one: MountRecord) -> None:
    """docker makes the missing folder of `-v` when the container starts, and misses that of `--mount`."""
    if os.path.exists(one.source):
        return
    if one.request is not None and not (one.request.legacy or one.request.create_source):
        raise InvalidArgument(
            'invalid mount config for type "bind": bind source path does not exist: ' + one.source
        )
    try:
        os.makedirs(one.source, 0o755, exist_ok=True)
    except OSError as error:
        raise InvalidArgument(
            f"error while creating mount source path '{one.source}': "
            f"mkdir {error.filename or one.source}: {os.strerror(error.errno or 0).lower()}"
        ) from None


def wanted_map(one: MountRecord, caller: tuple[int, int] | None, user: Ids) -> idmap.Map | None:
    """How a bind mount is to be mapped; None for not at all."""
    wish = one.request.idmap if one.request else ""
    try:
        info = os.stat(one.source)
    except OSError:
        return None
    if not wish:
        private = "private" in one.propagation
        is_socket = stat.S_ISSOCK(info.st_mode)
        if caller is None or not idmap.by_default(
            os.path.realpath(one.source), is_socket=is_socket, private=private
        ):
            return None
        wish = "auto"
    owner = Ids(*caller) if caller is not None else Ids(info.st_uid, info.st_gid)
    return idmap.plan(wish, owner, user)


def mapped_tree(fd: int, wanted: idmap.Map) -> int:
    """A detached, idmapped mount of what is open. Raises: KernelError: the file system cannot."""
    tree_fd = mount.clone_tree(fd)
    try:
        with _MAPS.held(wanted) as namespace_fd:
            mount.mount_setattr(tree_fd, mount.MOUNT_ATTR_IDMAP, userns_fd=namespace_fd)
    except BaseException:
        os.close(tree_fd)
        raise
    return tree_fd


class _Maps:
    """Maps kept open, since making one starts a program: as many as there are callers, up to a limit."""

    LIMIT = 64

    def __init__(self) -> None:
        self._fds: dict[idmap.Map, int] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def held(self, wanted: idmap.Map) -> Iterator[int]:
        """The descriptor of a map."""
        with self._lock:
            if wanted not in self._fds and len(self._fds) >= self.LIMIT:
                os.close(self._fds.pop(next(iter(self._fds))))
            if wanted not in self._fds:
                self._fds[wanted] = userns.open_map(wanted.uids, wanted.gids)
            yield self._fds[wanted]


_MAPS = _Maps()


def unmappable(records: tuple[MountRecord, ...], caller: tuple[int, int] | None) -> list[str]:
    """One warning for each bind mount that should be mapped and lies where that cannot be."""
    found = []
    for one in records:
        wanted = wanted_map(one, caller, Ids(0, 0)) if one.kind == "bind" else None
        if wanted is None:
            continue
        fd = os.open(one.source, os.O_PATH | os.O_CLOEXEC)
        try:
            os.close(mapped_tree(fd, wanted))
        except GoraeError as error:
            reason = str(error).rpartition(": ")[2]
            found.append(
                f'"{one.source}" cannot be mapped to your ids ({reason}): '
                "files made there will belong to the container's user"
            )
        finally:
            os.close(fd)
    return found


def _unmount(where: str) -> None:
    while mount.is_mount_point(where):
        mount.umount2(where, mount.MNT_DETACH)


def _remove_point(path: Path) -> None:
    remove: Callable[[], None] = path.rmdir if path.is_dir() else path.unlink
    with contextlib.suppress(OSError, KernelError):
        remove()
