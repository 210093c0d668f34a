"""File system states and who may see them.

A snapshot is *active* (being written; its key is chosen by whom it is for: a container's id), a *view* (read only,
same life) or *committed* (named by its chain id, never changed again). `prepare` and `view` make the first two
from a committed parent, `commit` turns an active one into a committed one. Mounts come as data: nobody here mounts.

    prepare("c1", parent) -> mounts        write through them
    commit("c1", chain_id)                 now others may stand on it
    remove(key)                            only without children
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gorae.linux.mount import Mount


@dataclass(frozen=True, slots=True)
class SnapshotUsage:
    """What a snapshot itself takes, without its parents."""

    size_bytes: int
    inodes: int


class Snapshotter(Protocol):
    """What every kind of snapshot store does; blocking, thread-safe."""

    def prepare(self, key: str, parent: str) -> list[Mount]:
        """A new active snapshot on a committed parent ("" is none). Raises: AlreadyExists, NotFound."""

    def view(self, key: str, parent: str) -> list[Mount]:
        """A new read-only one. Raises: AlreadyExists, NotFound."""

    def mounts(self, key: str) -> list[Mount]:
        """The mounts of an active one or a view. Raises: NotFound."""

    def commit(
        self,
        key: str,
        chain_id: str,
        *,
        usage: SnapshotUsage | None = None,
        sync: bool = True,
        parent: str = "",
    ) -> None:
        """An active one becomes the committed `chain_id`; if that is there already the active one is removed.

        `usage`: what it takes, when the caller has measured it. Without `sync` its files may not be on the disk
        when the power goes: it is then forgotten, unless `sync_committed` was called. `parent`: the committed one that
        it stands on from now, prepared without one since that was still being made.
        """

    def sync_committed(self) -> None:
        """Bring to the disk what was committed without `sync`."""

    def remove(self, key: str) -> None:
        """Forget it and its files; found gone is fine. Raises: Conflict: others stand on it."""

    def discard_garbage(self, *, later: bool = False) -> int:
        """Remove the files of snapshots that have no row; how many. `later`: by a thread, and do not wait for it."""

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so."""

    def exists(self, key: str) -> bool:
        """Whether a snapshot of that key is there."""

    def usage(self, key: str) -> SnapshotUsage:
        """Bytes and inodes. Raises: NotFound."""

    def upper(self, key: str) -> Path:
        """The directory that holds what the snapshot itself adds. Raises: NotFound."""

    def lowers(self, key: str) -> list[Path]:
        """The directories of its parents, nearest first. Raises: NotFound."""
