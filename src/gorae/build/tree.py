"""A tree of files that COPY and ADD take from, whatever holds it: a folder, an archive, another stage.

`Node` is one file as it was found; `Tree` is what a holder of files offers; `resolve` and `matches` find what a source
names, links followed inside the tree only. Source: Dockerfile reference, COPY; Go's path/filepath.Match.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from gorae.dockerfile.match import Glob, compile_match
from gorae.errors import InvalidArgument, SyntaxFault

MAX_LINKS = 40
_WILD = frozenset("*?[\\")


@dataclass(slots=True)
class Node:
    """One file. `path` is relative to the tree's root, empty for the root; `mode` with the type's bits.

    `digest` names the content of a regular file once it is known. `place` is where the holder finds it again;
    `stamp` what tells that it changed meanwhile.
    """

    path: str
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    link: str = ""
    rdev: int = 0
    digest: bytes = b""
    place: int = 0
    stamp: tuple[int, ...] = ()
    links: int = 1

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_dir(self) -> bool:
        """A directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """A regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_link(self) -> bool:
        """A symbolic link."""
        return stat.S_ISLNK(self.mode)


class Tree(Protocol):
    """A holder of files; blocking."""

    def lstat(self, path: str) -> Node | None:
        """What is at a clean path, links not followed; None when there is nothing."""

    def children(self, path: str) -> list[Node]:
        """What a directory holds, sorted by name."""

    def digest(self, node: Node) -> bytes:
        """Of a regular file's content; raw SHA-256. Raises: Conflict: it changed."""

    def open(self, node: Node) -> tuple[int, int]:
        """A regular file's descriptor, the caller's own, and where in it the content begins."""

    def unchanged(self, node: Node, fd: int) -> bool:
        """Whether an open file still is what the node says."""

    def xattrs(self, node: Node, fd: int | None) -> dict[str, bytes]:
        """Its extended attributes."""


def clean(path: str) -> str:
    """A path relative to the root, without `.` and `..`; what climbs above the root stays in it, as `cd /..` does."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def resolve(tree: Tree, path: str) -> Node | None:
    """What a path leads to, links followed inside the tree, the last one too.

    Raises:
        InvalidArgument: too many links.
    """
    ahead = clean(path).split("/")[::-1] if clean(path) else []
    at: list[str] = []
    links = 0
    node = tree.lstat("")
    while ahead:
        part = ahead.pop()
        if part == "..":
            at = at[:-1]
            node = tree.lstat("/".join(at))
            continue
        if part in ("", "."):
            continue
        node = tree.lstat("/".join((*at, part)))
        if node is None:
            return None
        if node.is_link:
            links += 1
            if links > MAX_LINKS:
                raise InvalidArgument(f'"/{path}": too many levels of symbolic links')
            if node.link.startswith("/"):
                at = []
            ahead += node.link.split("/")[::-1]
            node = tree.lstat("/".join(at))
        elif ahead and not node.is_dir:
            return None
        else:
            at.append(part)
    return node


def is_wild(path: str) -> bool:
    """Whether a source is a pattern."""
    return not _WILD.isdisjoint(path)


def matches(tree: Tree, source: str, *, deep: bool = False) -> list[str]:
    """The paths that a source means: itself, or all that its pattern matches, in order of names.

    Args:
        deep: `**` stands for any number of folders, as with --parents.

    Raises:
        InvalidArgument: a malformed pattern.
    """
    path = clean(source)
    if not is_wild(path):
        return [path]
    fixed: list[str] = []
    parts = path.split("/")
    while not is_wild(parts[0]):
        fixed.append(parts.pop(0))
    return list(dict.fromkeys(_matches(tree, "/".join(fixed), parts, deep=deep)))


def _matches(tree: Tree, base: str, parts: list[str], *, deep: bool) -> Iterator[str]:
    try:
        found = resolve(tree, base)
    except InvalidArgument:  # a link that goes in circles matches nothing
        return
    if found is None or not found.is_dir:
        return
    any_depth = deep and parts[0] == "**"
    if any_depth and len(parts) > 1:
        yield from _matches(tree, base, parts[1:], deep=deep)
    pattern = _part(parts[0])
    for child in tree.children(found.path):
        if pattern.matches(child.name):
            path = f"{base}/{child.name}" if base else child.name
            if len(parts) == 1:
                yield path
            elif any_depth:
                if child.is_dir:
                    yield from _matches(tree, path, parts, deep=deep)
            elif child.is_dir or child.is_link:
                yield from _matches(tree, path, parts[1:], deep=deep)


@lru_cache(maxsize=256)
def _part(text: str) -> Glob:
    """A pattern for one part of a path. Raises: InvalidArgument: malformed."""
    try:
        return compile_match(text)
    except SyntaxFault as fault:
        raise InvalidArgument(f'"{text}": {fault.message}') from None
