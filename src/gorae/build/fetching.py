"""ADD's sources from elsewhere: fetched once for a build, into the build's own folder."""

import os
import threading
from dataclasses import replace

from gorae.build import remote, selection
from gorae.build.folder import Folder
from gorae.build.selection import Taken
from gorae.build.session import Session
from gorae.build.tree import Node, Tree
from gorae.build.vertex import TransferAction
from gorae.errors import GoraeError, InvalidArgument, NotFound

DOWNLOAD_MODE = 0o600
Fetched = tuple[Tree, Taken, str]


class Fetcher:
    """The sources of one build; the descriptors live as long as it does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[tuple[str, str, bool], Fetched] = {}
        self._folders: list[int] = []
        self._lock = threading.Lock()

    def __call__(self, action: TransferAction, source: str) -> Fetched:
        """See `transfer.Fetch`. Raises: NotFound, Unavailable, InvalidArgument: another checksum."""
        key = (source, action.checksum, action.keep_git_dir)
        with self._lock:
            found = self._found.get(key)
            if found is None:
                make = self._clone if remote.is_git(source) else self._download
                found = self._found[key] = make(action, source)
        tree, taken, line = found
        return tree, replace(taken), line

    def close(self) -> None:
        """Close the folders."""
        while self._folders:
            os.close(self._folders.pop())

    def _place(self) -> str:
        folder = self._session.scratch
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return f"fetched-{len(self._found)}"

    def _open(self, name: str) -> int:
        fd = os.open(self._session.scratch / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._folders.append(fd)
        return fd

    def _download(self, action: TransferAction, source: str) -> Fetched:
        name = self._place()
        progress = self._session.progress
        vertex = progress.begin(source)
        try:
            got = remote.download(source, self._session.scratch / name, self._session.cancel)
        except GoraeError as error:
            progress.end(vertex, error=error.message)
            raise
        progress.end(vertex)
        if action.checksum and action.checksum != got.digest:
            raise InvalidArgument(f"digest mismatch {got.digest}: {action.checksum}")
        tree = Folder(self._open("."))
        node = tree.lstat(name)
        assert node is not None
        node.mode = (node.mode & ~0o7777) | DOWNLOAD_MODE
        node.mtime_ns, node.uid, node.gid = got.modified_ns, 0, 0
        epoch = self._session.epoch
        if epoch is not None and not got.modified_ns:
            node.mtime_ns = epoch * 10**9
        line = f"{source}\0{DOWNLOAD_MODE:o} 0 0 {got.name}\0{got.digest.partition(':')[2]}"
        return tree, Taken(node, got.name, [("", node)]), line

    def _clone(self, action: TransferAction, source: str) -> Fetched:
        wanted = remote.git_source(source)
        name = self._place()
        progress = self._session.progress
        vertex = progress.begin(source)
        try:
            commit = remote.clone(
                wanted,
                self._session.scratch / name,
                self._session.cancel,
                keep_git_dir=action.keep_git_dir,
            )
        except GoraeError as error:
            progress.end(vertex, error=error.message)
            raise
        progress.end(vertex)
        if action.checksum and not commit.startswith(action.checksum):
            raise InvalidArgument(f"expected checksum to match {action.checksum}, got {commit}")
        tree = Folder(self._open(name), as_root=True)
        found = selection.select(tree, [wanted.folder or "/"])
        if not found or not found[0].top.is_dir:
            raise NotFound(f'"{wanted.folder}": not found in {source}')
        _same_times(found[0], self._session.epoch)
        line = f"{source}\0git {int(action.keep_git_dir)}\0{commit}"
        return tree, found[0], line


def _same_times(taken: Taken, epoch: int | None) -> None:
    """A clone's files are as old as the clone: with an epoch they are as old as that."""
    if epoch is None:
        return
    nodes: list[Node] = [node for _, node in taken.nodes]
    for node in nodes:
        node.mtime_ns = epoch * 10**9
