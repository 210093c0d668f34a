"""Volumes' directories, and how one is filled: whole, or not at all.

    volumes/<name>/_data         the content
    volumes/<name>/.filling      content being gathered: garbage when found at start
    volumes/<name>/.ready        content gathered: what is left of it is moved into place at start
    volumes/<name>/.ready-path   where below _data it goes, when that is not _data itself
    volumes/.removed-<token>     a volume being removed
    volumes/.bin-<token>         a volume that was removed and can be brought back

Nothing outside of volumes/ is ever removed from here, nor anything that is mounted inside it.
"""

import contextlib
import os
import secrets
from pathlib import Path

from gorae.errors import Conflict, InvalidArgument
from gorae.linux import fd as fds
from gorae.store import tree

REMOVED = ".removed-"
BIN = ".bin-"
FILLING = ".filling"
READY = ".ready"
READY_PATH = ".ready-path"


class VolumeDirectories:
    """The folder of all volumes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._going: set[str] = set()
        """What is being removed by this process."""
        root.mkdir(parents=True, exist_ok=True, mode=0o711)

    def _dir(self, name: str) -> Path:
        """Raises: InvalidArgument: a name that leads elsewhere."""
        if not name or "/" in name or "\0" in name or name.startswith("."):
            raise InvalidArgument(f'invalid volume name "{name}"')
        return self._root / name

    def data(self, name: str) -> Path:
        """A volume's content. Raises: InvalidArgument: a name that leads elsewhere."""
        return self._dir(name) / "_data"

    def create(self, name: str) -> Path:
        """Make the directory; found made is fine."""
        path = self.data(name)
        path.parent.mkdir(exist_ok=True, mode=0o701)
        path.mkdir(exist_ok=True, mode=0o755)
        return path

    def is_empty(self, name: str) -> bool:
        """Whether a volume has no content."""
        try:
            return not any(os.scandir(self.data(name)))
        except FileNotFoundError:
            return True

    # filling ----------------------------------------------------------------------------------

    def filling(self, name: str) -> Path:
        """A name beside the content that is free: whoever fills the volume makes a directory there."""
        path = self._dir(name) / FILLING
        tree.remove(path)
        return path

    def place(self, name: str, path: str = "", *, in_place: bool = False) -> None:
        """What was gathered becomes the content, at `path` of it; the directory there must be empty.

        One rename does it. `in_place` keeps the directory that is there, for those who have it mounted: then the
        entries are moved one by one, and a start of the daemon goes on where this one was killed.

        Raises:
            Conflict: somebody else has filled it meanwhile.
        """
        folder = self._dir(name)
        if not path and not in_place:
            try:
                os.rename(folder / FILLING, folder / "_data")
            except OSError as error:
                tree.discard(folder / FILLING)
                raise Conflict(f'volume "{name}" is not empty any more') from error
            return
        (folder / READY_PATH).write_text(path)
        os.rename(folder / FILLING, folder / READY)
        self._move_ready(folder)

    def _move_ready(self, folder: Path) -> None:
        """Move what is left. What stands in the way is whoever's wrote it meanwhile: it stays."""
        path = (folder / READY_PATH).read_text() if (folder / READY_PATH).exists() else ""
        with fds.open_root(str(folder / "_data")) as root_fd:
            target = fds.openat2(root_fd, path or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            info = os.stat(folder / READY)
            for entry in os.listdir(folder / READY):
                with contextlib.suppress(OSError):
                    os.rename(folder / READY / entry, entry, dst_dir_fd=target)
            os.fchown(target, info.st_uid, info.st_gid)
            os.fchmod(target, info.st_mode & 0o7777)
            os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))
        finally:
            os.close(target)
        tree.discard(folder / READY)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(folder / READY_PATH)

    def recover(self) -> int:
        """At start: finish or undo what the last daemon was killed in; how many."""
        found = 0
        for folder in self._folders():
            if (folder / FILLING).exists():
                found += tree.discard(folder / FILLING)
            if (folder / READY).exists():
                self._move_ready(folder)
                found += 1
        return found

    def _folders(self) -> list[Path]:
        return [one for one in self._root.iterdir() if not one.name.startswith(".")]

    # removing ---------------------------------------------------------------------------------

    def remove(self, name: str) -> None:
        """Remove a volume; a crash leaves garbage which `discard_removed` finds, never half a volume under its name.

        Raises:
            Conflict: something is mounted in it.
        """
        self._discard(self._put_aside(self._dir(name), REMOVED))

    def _discard(self, doomed: Path | None) -> None:
        if doomed is not None:
            tree.discard(doomed)
            self._going.discard(doomed.name)

    def _put_aside(self, path: Path, prefix: str, token: str = "") -> Path | None:
        """Rename it away; None when it is gone. A directory in which something is mounted cannot be renamed."""
        aside = self._root / f"{prefix}{token or secrets.token_hex(8)}"
        self._going.add(aside.name)
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Conflict(
                f'volume "{path.name}" cannot be removed: something is mounted in it'
            ) from error
        return aside

    def put_in_bin(self, name: str, token: str) -> None:
        """Out of sight, to be brought back by `take_from_bin`. Raises: Conflict: something is mounted in it."""
        self._put_aside(self._dir(name), BIN, token)

    def take_from_bin(self, token: str, name: str) -> Path:
        """Bring a volume back under a name that is free."""
        os.rename(self._root / f"{BIN}{token}", self._dir(name))
        return self.data(name)

    def in_bin(self, token: str) -> Path:
        """Where the content of a volume in the bin is."""
        return self._root / f"{BIN}{token}" / "_data"

    def empty_bin(self, token: str) -> None:
        """Remove a volume from the bin for good."""
        self._discard(self._put_aside(self._root / f"{BIN}{token}", REMOVED))

    def bin_tokens(self) -> set[str]:
        """What lies in the bin."""
        return {
            one.name.removeprefix(BIN) for one in self._root.iterdir() if one.name.startswith(BIN)
        }

    def discard_removed(self) -> int:
        """At start: finish removals that a crash cut off; how many."""
        doomed = self.removed()
        for one in doomed:
            tree.discard(one)
        return len(doomed)

    def removed(self) -> list[Path]:
        """Removals that were cut off, not those under way."""
        found = [one for one in self._root.iterdir() if one.name.startswith(REMOVED)]
        return [one for one in found if one.name not in self._going]

    def names(self) -> set[str]:
        """The directories that are there."""
        return {one.name for one in self._folders()}
