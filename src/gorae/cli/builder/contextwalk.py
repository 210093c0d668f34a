"""A walk through a context: each path with its size and verdict, and the sums by folder and by rule."""

from __future__ import annotations

import os
import stat

from gorae.dockerfile.ignore import NO_MATCHES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gorae.dockerfile.ignore import Ignore, Matches, Verdict

DOMINANT = 0.8
"""A folder of which one entry makes this part is shown as that entry."""


class Sum:
    """Files and their bytes."""

    __slots__ = ("files", "size")

    def __init__(self) -> None:
        self.files = 0
        self.size = 0

    def add(self, size: int) -> None:
        """One file more."""
        self.files += 1
        self.size += size


class Kept:
    """One of the largest paths that the build sees; a folder's ends in "/"."""

    __slots__ = ("files", "path", "size", "verdict")

    def __init__(self, path: str, files: int, size: int, verdict: Verdict) -> None:
        self.path = path
        self.files = files
        self.size = size
        self.verdict = verdict


class Walk:
    """The walk and what it added up; `entries` may be gone through once."""

    def __init__(self, folder: str, rules: Ignore) -> None:
        self._folder = folder
        self._rules = rules
        self.kept = Sum()
        self.ignored = Sum()
        self.left_out = 0
        self.by_rule: dict[int, Sum] = {}
        self._sums: dict[str, Sum] = {}
        self._verdicts: dict[str, Verdict] = {}

    def entries(self) -> Iterator[tuple[str, int, Verdict]]:
        """(path, bytes, verdict) of each file and folder, sorted within its folder."""
        yield from self._walk(self._folder, "", NO_MATCHES)

    def finish(self) -> None:
        """Go through all that is left, for the sums alone."""
        for _ in self.entries():
            pass

    def largest(self, count: int, whole: Collection[str] = ()) -> list[Kept]:
        """The kept paths that weigh most: entries of the context, or the entry within that makes them so.

        Args:
            whole: names of folders that are not looked into.
        """
        below: dict[str, list[str]] = {}
        for path in self._sums:
            parent, _, _ = path.rstrip("/").rpartition("/")
            below.setdefault(f"{parent}/" if parent else "", []).append(path)
        found = [self._dominant(path, below, whole) for path in below.get("", ())]
        found.sort(key=lambda path: (-self._sums[path].size, path))
        return [
            Kept(path, self._sums[path].files, self._sums[path].size, self._verdicts[path])
            for path in found[:count]
            if self._sums[path].files
        ]

    def _dominant(self, path: str, below: dict[str, list[str]], whole: Collection[str]) -> str:
        while path in below and path.rstrip("/").rpartition("/")[2] not in whole:
            largest = max(below[path], key=lambda one: self._sums[one].size)
            if self._sums[largest].size < DOMINANT * self._sums[path].size:
                break
            path = largest
        return path

    def _walk(self, folder: str, prefix: str, above: Matches) -> Iterator[tuple[str, int, Verdict]]:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = f"{prefix}{entry.name}"
            verdict, matches = self._rules.decide(path, above)
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                self._note(f"{path}/", verdict)
                yield f"{path}/", 0, verdict
                yield from self._walk(entry.path, f"{path}/", matches)
            elif stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                self._add(path, info.st_size, verdict)
                yield path, info.st_size, verdict
            else:
                self.left_out += 1

    def _note(self, path: str, verdict: Verdict) -> None:
        if not verdict.ignored or self._rules.may_keep_below(path.rstrip("/")):
            self._sums[path] = Sum()
            self._verdicts[path] = verdict

    def _add(self, path: str, size: int, verdict: Verdict) -> None:
        (self.ignored if verdict.ignored else self.kept).add(size)
        if verdict.rule is not None:
            self.by_rule.setdefault(verdict.rule.line, Sum()).add(size)
        if verdict.ignored:
            return
        self._sums[path] = Sum()
        self._verdicts[path] = verdict
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            one = self._sums.get("/".join(parts[:depth]) + ("/" if depth < len(parts) else ""))
            if one is not None:
                one.add(size)


def walk(folder: str, rules: Ignore) -> Walk:
    """A walk that is to begin."""
    return Walk(folder, rules)
