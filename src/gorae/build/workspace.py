"""Where a step works: a snapshot prepared and mounted, or one to be looked at; nothing stays when it is left.

<exec root>/rootfs/<id>      the mount, beside those of containers: what a killed daemon leaves is removed with theirs
<data root>/build/cache/     folders of RUN --mount=type=cache
<data root>/build/tmp/       uploads and other things of one build; emptied at start
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import KernelError
from gorae.linux import mount
from gorae.store.snapshot import Snapshotter

PREFIX = "build-"


@dataclass(slots=True)
class Workspace:
    """A mounted state. `key`: of its snapshot; `root_fd`: an O_PATH descriptor of the mounted root."""

    key: str
    rootfs: Path
    root_fd: int


class Workspaces:
    """Makes them, below one exec root."""

    def __init__(self, snapshots: Snapshotter, exec_root: Path) -> None:
        self._snapshots = snapshots
        self._exec_root = exec_root
        self.active: set[str] = set()
        """The ids in use: nothing of theirs is a leftover."""

    @contextlib.contextmanager
    def prepare(self, parent: str) -> Iterator[Workspace]:
        """A writable state on a chain id ("" is nothing). The snapshot is removed unless it was committed."""
        with self._mounted(parent, writable=True) as one:
            yield one

    @contextlib.contextmanager
    def view(self, chain_id: str) -> Iterator[Workspace]:
        """A state to read."""
        with self._mounted(chain_id, writable=False) as one:
            yield one

    @contextlib.contextmanager
    def _mounted(self, parent: str, *, writable: bool) -> Iterator[Workspace]:
        key = f"{PREFIX}{secrets.token_hex(12)}"
        self.active.add(key)
        try:
            make = self._snapshots.prepare if writable else self._snapshots.view
            mounts = make(key, parent)
            try:
                with self._mount(key, mounts) as one:
                    yield one
            finally:
                self._snapshots.remove(key)
        finally:
            self.active.discard(key)

    @contextlib.contextmanager
    def _mount(self, key: str, mounts: list[mount.Mount]) -> Iterator[Workspace]:
        target = self._exec_root / "rootfs" / key
        target.mkdir(parents=True)
        try:
            mount.mount_all(mounts, str(target))
            root_fd = os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            one = Workspace(key, target, root_fd)
            try:
                yield one
            finally:
                self.leave(one)
        finally:
            with contextlib.suppress(OSError):
                target.rmdir()

    def leave(self, one: Workspace) -> None:
        """Unmount; again is fine. The snapshot's own directory is whole afterwards."""
        if one.root_fd < 0:
            return
        os.close(one.root_fd)
        one.root_fd = -1
        with contextlib.suppress(KernelError):
            mount.umount2(str(one.rootfs), mount.MNT_DETACH)

    def upper(self, one: Workspace) -> Path:
        """What the step itself wrote."""
        return self._snapshots.upper(one.key)

    def layer(self, chain_id: str) -> Path:
        """What the last layer of a committed state holds. Raises: NotFound."""
        return self._snapshots.upper(chain_id)

    def lowers(self, one: Workspace) -> list[Path]:
        """The layers below it, nearest first."""
        return self._snapshots.lowers(one.key)
