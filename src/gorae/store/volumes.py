"""Volumes' directories: volumes/<name>/_data. Nothing outside of volumes/ is ever removed from here.

Removing first renames the volume's directory to `.removed-…`, so that a crash leaves garbage which `discard_removed`
finds, never half a volume under its name.
"""

import contextlib
import os
import secrets
from pathlib import Path

from gorae.errors import InvalidArgument
from gorae.store import tree

REMOVED = ".removed-"


class VolumeDirectories:
    """The folder of all volumes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o711)

    def data(self, name: str) -> Path:
        """A volume's content. Raises: InvalidArgument: a name that leads elsewhere."""
        if not name or "/" in name or "\0" in name or name.startswith("."):
            raise InvalidArgument(f'invalid volume name "{name}"')
        return self._root / name / "_data"

    def create(self, name: str) -> Path:
        """Make the directory; found made is fine."""
        path = self.data(name)
        path.parent.mkdir(exist_ok=True, mode=0o701)
        path.mkdir(exist_ok=True, mode=0o755)
        return path

    def remove(self, name: str) -> None:
        """Remove a volume's content; links in it are removed, never followed; found gone is fine."""
        path = self.data(name).parent
        doomed = self._root / f"{REMOVED}{secrets.token_hex(8)}"
        try:
            os.rename(path, doomed)
        except FileNotFoundError:
            return
        with contextlib.suppress(OSError):  # the next start tries again
            tree.remove(doomed)

    def discard_removed(self) -> int:
        """At start: finish removals that a crash cut off; how many."""
        doomed = self.removed()
        for one in doomed:
            with contextlib.suppress(OSError):
                tree.remove(one)
        return len(doomed)

    def removed(self) -> list[Path]:
        """What is left of removals, under way or cut off."""
        return [one for one in self._root.iterdir() if one.name.startswith(REMOVED)]

    def names(self) -> set[str]:
        """The directories that are there."""
        return {one.name for one in self._root.iterdir() if not one.name.startswith(".")}
