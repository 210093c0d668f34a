"""RUN --mount: every kind made ready before the run, and taken away after it.

bind     a part of a context or of another state; what is written to it is thrown away
cache    a folder that survives builds (`cachemount`), locked as `sharing` says
tmpfs    an empty one
secret   a file on a tmpfs of the run's own, or a variable; asked from the client, in memory only
ssh      a socket that leads to the client's agent
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from gorae.build import selection
from gorae.build.cachemount import CacheMounts
from gorae.build.copying import Writer
from gorae.build.folder import Folder
from gorae.build.result import Result
from gorae.build.running import Ready
from gorae.build.session import Session
from gorae.build.transfer import Selected
from gorae.build.vertex import BoundMount, RunAction
from gorae.build.workspace import Workspace, Workspaces
from gorae.dockerfile.mount import RunMount
from gorae.errors import InvalidArgument, KernelError, NotFound
from gorae.linux import fd as fds
from gorae.linux import mount as mounts
from gorae.runtime.config import MountPoint

SECRETS = "/run/secrets"
SSH_SOCKET = "/run/buildkit/ssh_agent"
MAX_SECRET_BYTES = 500 << 10
TMPFS_OPTIONS = ("nosuid", "noexec", "nodev", "mode=700", "size=16m")


class Mounting:
    """Makes mounts ready, below one exec root and one data root."""

    def __init__(
        self, workspaces: Workspaces, caches: CacheMounts, exec_root: Path, scratch: Path
    ) -> None:
        self._workspaces = workspaces
        self._caches = caches
        self._directory = exec_root / "build-mounts"
        self._scratch = scratch

    @contextlib.contextmanager
    def ready(
        self,
        action: RunAction,
        selected: Mapping[str, Selected],
        sources: Mapping[str, Result],
        place: Workspace,
        session: Session,
    ) -> Iterator[Ready]:
        """The mounts of one run.

        Raises:
            InvalidArgument: a source that is not there, a secret that is needed and missing.
        """
        found = Ready()
        with contextlib.ExitStack() as stack:
            work = _Work(self, place, session, stack, found)
            for number, bound in enumerate(action.mounts):
                work.add(number, bound, selected, sources)
            yield found

    def discard_leftovers(self) -> None:
        """At start: mounts of runs that the last daemon did not finish."""
        folders = list(self._directory.iterdir()) if self._directory.exists() else []
        for folder in folders:
            for one in [*folder.iterdir(), folder]:
                while mounts.is_mount_point(str(one)):
                    _detach(one)
            _remove_mount_points(folder)

    # used by _Work ----------------------------------------------------------------------------

    @property
    def workspaces(self) -> Workspaces:
        """Where other states are mounted."""
        return self._workspaces

    @property
    def caches(self) -> CacheMounts:
        """The folders that survive."""
        return self._caches

    def directory(self, place: Workspace) -> Path:
        """Run-time files of one run."""
        return self._directory / place.key

    @property
    def scratch(self) -> Path:
        """On the disk, emptied at start."""
        return self._scratch


class _Work:
    """The mounts of one run being made ready."""

    def __init__(
        self,
        owner: Mounting,
        place: Workspace,
        session: Session,
        stack: contextlib.ExitStack,
        ready: Ready,
    ) -> None:
        self._owner = owner
        self._place = place
        self._session = session
        self._stack = stack
        self._ready = ready

    def add(
        self,
        number: int,
        bound: BoundMount,
        selected: Mapping[str, Selected],
        sources: Mapping[str, Result],
    ) -> None:
        mount, name = bound.mount, str(number)
        match mount.type:
            case "bind":
                if name in selected:
                    self._bind_context(mount, selected[name], number)
                else:
                    self._bind_state(mount, sources[name])
            case "cache":
                self._cache(mount, sources.get(name))
            case "tmpfs":
                size = (f"size={mount.size_bytes}",) if mount.size_bytes else ()
                self._point(
                    MountPoint("tmpfs", "", mount.target, options=("nosuid", "mode=1777", *size))
                )
            case "secret":
                self._secret(mount, number)
            case "ssh":
                self._ssh(mount, number)

    def _point(self, point: MountPoint) -> None:
        if not point.target.strip("/"):
            raise InvalidArgument("a mount needs a target inside the file system")
        self._ready.points.append(point)

    # bind -------------------------------------------------------------------------------------

    def _bind_context(self, mount: RunMount, selected: Selected, number: int) -> None:
        """The part of the context is copied: its folder may lie in another mount namespace, and is not to be written."""
        copy = self._owner.scratch / f"{self._place.key}-{number}"
        copy.mkdir(parents=True, mode=0o755)
        self._stack.callback(shutil.rmtree, copy, ignore_errors=True)
        root_fd = os.open(copy, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        writer = Writer(root_fd, check=self._session.cancel.check)
        try:
            for tree, taken, _ in selected.taken:
                writer.copy(tree, taken, "/source")
        finally:
            writer.close()
            os.close(root_fd)
        source = copy / "source"
        if not source.exists():
            source.mkdir()
        self._ready.copies[number] = copy
        self._point(_bound(str(source), mount))

    def _bind_state(self, mount: RunMount, result: Result) -> None:
        spaces = self._owner.workspaces
        make = spaces.view if mount.is_readonly else spaces.prepare
        place = self._stack.enter_context(make(result.chain_id))
        self._point(_bound(self._inside(place.root_fd, mount.source), mount))

    def _inside(self, root_fd: int, path: str) -> str:
        """A mount of its own of what lies below a root: whoever changes links there meanwhile changes nothing here.

        The runtime mounts in a namespace of its own, where a descriptor of ours means nothing.
        """
        try:
            fd = fds.openat2(root_fd, path.lstrip("/") or ".", os.O_PATH)
        except KernelError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                raise NotFound(f'"{path}": not found') from None
            raise
        try:
            target = self._mount_point(is_dir=stat.S_ISDIR(os.fstat(fd).st_mode))
            tree_fd = mounts.open_tree(f"/proc/self/fd/{fd}", mounts.OPEN_TREE_CLONE)
        finally:
            os.close(fd)
        try:
            mounts.move_mount(tree_fd, str(target))
        finally:
            os.close(tree_fd)
        self._stack.callback(_detach, target)
        return str(target)

    def _mount_point(self, *, is_dir: bool) -> Path:
        folder = self._owner.directory(self._place).with_suffix(".binds")
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            self._stack.callback(_remove_mount_points, folder)
        target = folder / str(len(os.listdir(folder)))
        if is_dir:
            target.mkdir()
        else:
            target.touch()
        return target

    def _cache(self, mount: RunMount, source: Result | None) -> None:
        cache_id = mount.id or mount.target
        held = self._stack.enter_context(
            self._owner.caches.held(
                cache_id,
                mount.sharing or "shared",
                self._session.cancel,
                lambda root_fd: self._first(root_fd, mount, source),
            )
        )
        source_path = str(held)
        if mount.source.strip("/") and source is None:
            with fds.open_root(str(held)) as root_fd:
                writer = Writer(root_fd)
                try:
                    writer.make_dirs(f"/{mount.source.strip('/')}")
                finally:
                    writer.close()
                source_path = self._inside(root_fd, mount.source)
        self._point(_bound(source_path, mount))

    def _first(self, root_fd: int, mount: RunMount, source: Result | None) -> None:
        """What a new folder begins with."""
        os.chown(f"/proc/self/fd/{root_fd}", mount.uid or 0, mount.gid or 0)
        os.chmod(f"/proc/self/fd/{root_fd}", 0o755 if mount.mode is None else mount.mode)
        if source is not None:
            with self._owner.workspaces.view(source.chain_id) as place:
                tree = Folder(place.root_fd)
                writer = Writer(root_fd)
                try:
                    for taken in selection.select(tree, [mount.source or "/"]):
                        writer.copy(tree, taken, "/")
                finally:
                    writer.close()

    # secrets ----------------------------------------------------------------------------------

    def _secret(self, mount: RunMount, number: int) -> None:
        secret_id = mount.id or mount.source or mount.target.rpartition("/")[2]
        value = self._session.client.secret(secret_id)
        if value is None:
            if mount.required:
                raise InvalidArgument(f"secret {secret_id}: not found")
            return
        if len(value) > MAX_SECRET_BYTES:
            raise InvalidArgument(
                f"secret {secret_id}: {len(value)} bytes, at most {MAX_SECRET_BYTES}"
            )
        if mount.env is not None:
            name = mount.env or secret_id
            self._ready.env.append(f"{name}={value.decode('utf-8', 'surrogateescape')}")
            if not mount.target:
                return
        path = self._memory() / str(number)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(value)
            os.fchown(fd, mount.uid or 0, mount.gid or 0)
            os.fchmod(fd, 0o400 if mount.mode is None else mount.mode)
        target = mount.target or f"{SECRETS}/{secret_id.rpartition('/')[2]}"
        self._point(MountPoint("bind", str(path), target, readonly=True, recursive=False))

    def _memory(self) -> Path:
        """A tmpfs of this run, made when it is first needed; nothing of it is ever written to a disk of ours."""
        directory = self._owner.directory(self._place)
        if not directory.exists():
            directory.mkdir(parents=True, mode=0o700)
            self._stack.callback(_unmount, directory)
            mounts.mount_all([mounts.Mount("tmpfs", "secrets", TMPFS_OPTIONS)], str(directory))
        return directory

    def _ssh(self, mount: RunMount, number: int) -> None:
        agent_id = mount.id or "default"
        path = self._memory() / f"ssh.{number}"
        target = mount.target or f"{SSH_SOCKET}.{number}"
        if not any(one.startswith("SSH_AUTH_SOCK=") for one in self._ready.env):
            self._ready.env.append(f"SSH_AUTH_SOCK={target}")  # without an agent too, as BuildKit
        stop = self._session.client.ssh(agent_id, str(path))
        if stop is None:
            if mount.required:
                raise InvalidArgument(f"unset ssh forward key {agent_id}: give --ssh {agent_id}")
            return
        self._stack.callback(stop)
        os.chown(path, mount.uid or 0, mount.gid or 0)
        os.chmod(path, 0o600 if mount.mode is None else mount.mode)
        self._point(MountPoint("bind", str(path), target, recursive=False))


def _bound(source: str, mount: RunMount) -> MountPoint:
    is_dir = os.path.isdir(source)
    return MountPoint("bind", source, mount.target, readonly=mount.is_readonly, recursive=is_dir)


def _remove_mount_points(folder: Path) -> None:
    """Never what is mounted there, should it still be."""
    with contextlib.suppress(OSError):
        for one in folder.iterdir():
            if one.is_dir():
                one.rmdir()
            else:
                one.unlink()
        folder.rmdir()


def _detach(target: Path) -> None:
    with contextlib.suppress(KernelError):
        mounts.umount2(str(target), mounts.MNT_DETACH)


def _unmount(directory: Path) -> None:
    _detach(directory)
    shutil.rmtree(directory, ignore_errors=True)
