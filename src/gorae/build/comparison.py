"""Where two file systems that should be the same differ: the layers of two builds; blocking.

A path differs in one attribute at a time, the weightiest first: it is in one alone, another kind of file, its content,
link or device, its mode, its owner, its extended attributes, and last its time.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from gorae.build.folder import Folder
from gorae.build.tree import Node

PIECE = 1 << 20
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of one path. `layer` counts those that the build added, from 1; `step` made it. `attribute`:
    missing, kind, content, link, device, mode, owner, xattrs or time; of the image itself created or config.
    """

    layer: int
    step: str
    path: str
    attribute: str
    first: str = ""
    second: str = ""


@dataclass(slots=True)
class Pair:
    """Two trees by descriptors of their roots, which stay the caller's."""

    first: Folder
    second: Folder

    def differences(self, path: str = "") -> Iterator[tuple[str, str, str, str]]:
        """(path, attribute, first, second), a folder before what it holds."""
        ours = {one.path: one for one in self.first.children(path)}
        theirs = {one.path: one for one in self.second.children(path)}
        for at in sorted({*ours, *theirs}):
            one, two = ours.get(at), theirs.get(at)
            if one is None or two is None:
                there, not_there = "there", "not there"
                yield at, "missing", there if one else not_there, there if two else not_there
                continue
            for attribute, a, b in self._of(one, two):
                yield at, attribute, a, b
            if one.is_dir and two.is_dir:
                yield from self.differences(at)

    def _of(self, one: Node, two: Node) -> Iterator[tuple[str, str, str]]:
        if stat.S_IFMT(one.mode) != stat.S_IFMT(two.mode):
            yield "kind", _kind(one), _kind(two)
            return
        if one.is_file and (found := self._content(one, two)):
            yield "content", *found
        if one.link != two.link:
            yield "link", one.link, two.link
        if one.rdev != two.rdev:
            yield "device", str(one.rdev), str(two.rdev)
        if one.mode != two.mode:
            yield "mode", f"{stat.S_IMODE(one.mode):04o}", f"{stat.S_IMODE(two.mode):04o}"
        if (one.uid, one.gid) != (two.uid, two.gid):
            yield "owner", f"{one.uid}:{one.gid}", f"{two.uid}:{two.gid}"
        if one.is_file and self._xattrs(self.first, one) != self._xattrs(self.second, two):
            yield "xattrs", "", ""
        if one.mtime_ns // 10**9 != two.mtime_ns // 10**9:
            yield "time", _seconds(one), _seconds(two)

    def _content(self, one: Node, two: Node) -> tuple[str, str] | None:
        """What is said of two files that are not alike, None of those that are."""
        if one.size == two.size and self.first.digest(one) == self.second.digest(two):
            return None
        at = self._first_byte(one, two)
        return tuple(
            f"{tree.digest(node).hex()[:16]}, {node.size} bytes, from byte {at} on"
            for tree, node in ((self.first, one), (self.second, two))
        )  # type: ignore[return-value]

    def _first_byte(self, one: Node, two: Node) -> int:
        """Where they begin to differ, from 0."""
        first, _ = self.first.open(one)
        second, _ = self.second.open(two)
        try:
            offset = 0
            while True:
                a, b = os.pread(first, PIECE, offset), os.pread(second, PIECE, offset)
                if a != b or not a:
                    pairs = enumerate(zip(a, b, strict=False))
                    return offset + next((n for n, (x, y) in pairs if x != y), min(len(a), len(b)))
                offset += len(a)
        finally:
            os.close(first)
            os.close(second)

    @staticmethod
    def _xattrs(tree: Folder, node: Node) -> dict[str, bytes]:
        fd, _ = tree.open(node)
        try:
            return tree.xattrs(node, fd)
        finally:
            os.close(fd)


def _kind(node: Node) -> str:
    return _KINDS.get(stat.S_IFMT(node.mode), "file of another kind")


def _seconds(node: Node) -> str:
    return str(node.mtime_ns // 10**9)
