"""A container's processes brought up and taken down again, step by step; blocking.

Up: root file system mounted -> network sandbox -> files under /etc -> runtime configuration -> monitor and
runtime create -> streams connected -> start. Each step that was done is undone in reverse when a later one
fails. Down: the same in reverse; every step may find its work done already, since a daemon can be killed
between any two.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gorae.engine import logdetails, process
from gorae.engine.idmap import Ids
from gorae.engine.model import Container, EndpointRecord, PublishedRecord
from gorae.engine.mountpoints import MountPoints
from gorae.engine.sandbox import Joined, Sandboxes
from gorae.errors import GoraeError, KernelError
from gorae.linux import mount
from gorae.linux.fd import open_root
from gorae.runtime import cdi, mountplace, user, view
from gorae.runtime.config import RuntimeConfig
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Monitor, Task
from gorae.store import document, tree
from gorae.store.snapshot import Snapshotter


@dataclass(frozen=True, slots=True)
class Up:
    """What came up."""

    task: Task
    started_ns: int
    endpoints: tuple[EndpointRecord, ...]
    published: tuple[PublishedRecord, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A run's place in the network, noted before it starts: the daemon may die before the row has it."""

    endpoints: tuple[EndpointRecord, ...] = ()
    published: tuple[PublishedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Joins:
    """First processes of the containers whose namespaces are joined; 0 where none is."""

    network: int = 0
    ipc: int = 0
    pid: int = 0
    ipc_shm: str = ""


class Bringup:
    """The shells that a start needs, wired by the daemon."""

    def __init__(
        self,
        *,
        data_root: Path,
        exec_root: Path,
        snapshots: Snapshotter,
        monitor: Monitor,
        sandboxes: Sandboxes,
        host: HostFacts,
        points: MountPoints,
        init_path: str,
        cgroup_parent: str,
    ) -> None:
        self._data_root = data_root
        self._exec_root = exec_root
        self._snapshots = snapshots
        self._monitor = monitor
        self._sandboxes = sandboxes
        self._host = host
        self._points = points
        self._init_path = init_path
        self._cgroup_parent = cgroup_parent

    def container_dir(self, container_id: str) -> Path:
        """Where a container's own files are: hosts, hostname, resolv.conf, log."""
        return self._data_root / "containers" / container_id

    def rootfs(self, container_id: str) -> Path:
        """Where its root file system is mounted while it runs."""
        return self._exec_root / "rootfs" / container_id

    def shm(self, container_id: str) -> Path:
        """Where a shareable /dev/shm is mounted."""
        return self._exec_root / "shm" / container_id

    # up ---------------------------------------------------------------------------------------

    def up(self, container: Container, joins: Joins, connect: Callable[[Task], None]) -> Up:
        """Start `container`; `connect` is called between create and start, to attach its streams.

        Raises:
            GoraeError: as the step that failed; all is undone.
        """
        with contextlib.ExitStack() as undo:
            rootfs = self.mount_rootfs(container.id)
            undo.callback(self.unmount_rootfs, container.id)
            undo.callback(self._points.release, container.id)
            joined = self._sandboxes.join(
                container, joins.network, self.container_dir(container.id)
            )
            undo.callback(self._sandboxes.leave, container)
            config = self._config(container, joins, joined, str(rootfs))
            undo.callback(self._unmount_shm, container.id)
            task = self._monitor.create(
                config,
                log_path=container.log_path or None,
                log_driver=container.spec.log.driver,
                terminal=container.spec.tty,
                stdin_open=container.spec.open_stdin,
                stdin_once=container.spec.stdin_once,
                name=container.name,
                log_tag=logdetails.tag(container),
            )
            undo.callback(self._discard, container.id)
            place = Place(joined.endpoints, joined.published)
            self._monitor.note(container.id, document.encode(place))
            connect(task)
            self._monitor.start(container.id)
            started_ns = time.time_ns()
            undo.pop_all()
        return Up(task, started_ns, joined.endpoints, joined.published, joined.warnings)

    def place(self, container_id: str) -> Place:
        """Where a run that an earlier daemon started is. Raises: DataLoss."""
        text = self._monitor.noted(container_id)
        return document.decode(Place, text) if text else Place()

    def mount_rootfs(self, container_id: str) -> Path:
        """Mount the container's snapshot; found mounted is fine."""
        target = self.rootfs(container_id)
        target.mkdir(parents=True, exist_ok=True)
        if not mount.is_mount_point(str(target)):
            mount.mount_all(self._snapshots.mounts(container_id), str(target))
        return target

    def _config(
        self, container: Container, joins: Joins, joined: Joined, rootfs: str
    ) -> RuntimeConfig:
        with open_root(rootfs) as root_fd:
            who = user.lookup(root_fd, container.spec.user, container.spec.group_add)
            home = user.home(root_fd, who.uid)
        shm_source = joins.ipc_shm
        if container.spec.ipc_mode == "shareable":
            shm_source = self._mount_shm(container)
        prepared = self._points.prepare(container, Ids(who.uid, who.gid))
        config = process.runtime_config(
            prepared,
            rootfs=rootfs,
            user=who,
            home=home,
            host=self._host,
            network=joined.namespace,
            ipc=f"/proc/{joins.ipc}/ns/ipc" if joins.ipc else "",
            pid=f"/proc/{joins.pid}/ns/pid" if joins.pid else "",
            shm_source=shm_source,
            init_path=self._init_path if container.spec.init else "",
            etc_files=joined.etc_files,
            link_env=joined.link_env,
            cgroup_parent=self._cgroup_parent,
        )
        with open_root(rootfs) as root_fd:
            config = replace(config, mounts=mountplace.made(config.mounts, root_fd))
        wishes = container.spec.device_requests
        if not wishes:
            return config
        kinds = cdi.load()
        return cdi.applied(config, cdi.names(wishes, kinds), kinds)

    @contextlib.contextmanager
    def sources(self, container: Container) -> Iterator[Container]:
        """A stopped container with sources that can be bound, as a start would find them; kept for this block.

        Raises:
            InvalidArgument: a source is gone, or cannot be mounted.
        """
        who = Ids(0, 0)
        if container.spec.user and self._points.has_mapped(container):
            mounts = self._snapshots.mounts(container.id)
            with view.private(mounts, (), self._exec_root / "view") as root_fd:
                found = user.lookup(root_fd, container.spec.user, ())
            who = Ids(found.uid, found.gid)
        try:
            yield self._points.prepare(container, who)
        finally:
            self._points.release(container.id)

    def _mount_shm(self, container: Container) -> str:
        target = self.shm(container.id)
        target.mkdir(parents=True, exist_ok=True)
        size = container.spec.shm_size_bytes or process.SHM_SIZE_BYTES
        if not mount.is_mount_point(str(target)):
            options = ("nosuid", "nodev", "noexec", "mode=1777", f"size={size}")
            mount.mount_all([mount.Mount("tmpfs", "shm", options)], str(target))
        return str(target)

    def _discard(self, container_id: str) -> None:
        with contextlib.suppress(GoraeError):
            self._monitor.delete(container_id, force=True)

    # down -------------------------------------------------------------------------------------

    def release(self, container: Container) -> None:
        """What others wait for: the container's ports and addresses. Quick; comes before `down`."""
        self._sandboxes.leave(container)

    def down(self, container_id: str) -> None:
        """Runtime state, bundle and mounts of a container whose process has ended."""
        self._discard(container_id)
        self._points.release(container_id)
        self.unmount_rootfs(container_id)
        self._unmount_shm(container_id)

    def unmount_rootfs(self, container_id: str) -> None:
        """Unmount the root file system; found unmounted is fine."""
        _unmount(self.rootfs(container_id))

    def _unmount_shm(self, container_id: str) -> None:
        _unmount(self.shm(container_id))

    def leftovers(self, known: set[str]) -> set[str]:
        """Ids of which something is mounted or bundled, but those in `known`."""
        found = set(self._monitor.bundles()) | self._points.known()
        for directory in (self._exec_root / "rootfs", self._exec_root / "shm"):
            with contextlib.suppress(FileNotFoundError):
                found |= set(os.listdir(directory))
        return found - known

    def discard_files(self, container_id: str) -> None:
        """A removed container's writable layer and its own files."""
        self._snapshots.remove(container_id)
        for key in self._snapshots.keys(f"{container_id} "):
            self._snapshots.remove(key)
        with contextlib.suppress(OSError):  # without a row it is garbage that the next start finds
            tree.remove(self.container_dir(container_id))


def _unmount(target: Path) -> None:
    """Unmount lazily, since an exec's file may still be open, and remove the mount point."""
    try:
        mount.umount2(str(target), mount.MNT_DETACH)
    except KernelError as error:
        if not error.not_found and error.errno != mount.EINVAL:
            raise
    with contextlib.suppress(FileNotFoundError):
        target.rmdir()
