"""Why a step was run: the difference between its record and the one that it had the last time. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gorae.build.cachekey import Parts

MAX_PATHS = 5
MAX_CHANGES = 100
GIVEN = "given"
"""Stands for a variable's value, which is not told."""
Listing = Callable[[str], Mapping[str, str] | None]
"""A kept listing by its digest: path -> the rest of its line; None when it was not kept."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two records.

    `kind`: instruction, base, arg, env, file, mode, files, from, below, or one of `_WORDS`. `name`: a path, a variable, the
    parts of the instruction. `old`, `new`: digests, or words; empty where there was none or is none now.
    """

    kind: str
    name: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """`reason` is one of first, changed, parent, no-cache, evicted, cached; `lines` are for people.

    `changes`: the differences, `MAX_CHANGES` at most; `changed_files` of the `files` that the step takes differ.
    """

    reason: str
    lines: tuple[str, ...] = ()
    last_hit_ns: int = 0
    changes: tuple[Change, ...] = ()
    changed_files: int = 0
    files: int = 0


def miss(new: Parts, old: Parts | None, listing: Listing, *, last_ns: int = 0) -> Why:
    """Why a step with these parts was not found. `old`: the step's record before, None when there is none."""
    if old is None:
        return Why("first", ("this step was not built before",))
    if new == old:
        return Why(
            "evicted", ("its result was pruned, or its layer is not here any more",), last_ns
        )
    changes = [
        change
        for name, differ in _DIFFERENCES.items()
        if new.get(name) != old.get(name)
        for change in differ(new.get(name), old.get(name), listing)
    ]
    if changes:
        files = sum(one.kind in _OF_FILES for one in changes)
        taken = sum(len(listing(one) or ()) for one in (new.get("files") or {}).values())
        kept = tuple(changes[:MAX_CHANGES])
        return Why("changed", _told(changes), last_ns, kept, files, taken)
    if new.get("parent") != old.get("parent"):
        return Why("parent", ("the step before it has another result",), last_ns)
    return Why("changed", ("something else about it changed",), last_ns)


def shortened(lines: Sequence[str]) -> dict[str, str]:
    """A listing's lines as a kept listing has them."""
    return {
        path: f"{meta}\0{what[:16]}" for path, meta, what in (one.split("\0", 2) for one in lines)
    }


def line(change: Change) -> str:
    """One difference for people."""
    name, old, new = change.name, change.old, change.new
    match change.kind:
        case "instruction":
            other = f"another instruction: {new}, before {old}"
            return f"the instruction changed: {name}" if name else other
        case "base":
            return f"the base image is another ({_short(old)} -> {_short(new)})"
        case "arg" | "env":
            how = "has another value" if old and new else "is new" if new else "is gone"
            return f"{change.kind.upper()} {name} {how}"
        case "file":
            if old and new:
                return f"{name} changed ({old[:8]} -> {new[:8]})"
            return f"{name} {'is new' if new else 'is gone'}"
        case "mode":
            return f"{name} has another mode or owner ({old} -> {new})"
        case "files":
            return "the files that it takes changed"
        case "below":
            return "the place that it goes to looks different"
        case "from":
            return "what it takes from another stage or image changed"
        case kind:
            return f"{_WORDS[kind]}: {new or 'none'}, before {old or 'none'}"


def _told(changes: Sequence[Change]) -> tuple[str, ...]:
    """All of them; of the files the first few."""
    files = [one for one in changes if one.kind in _OF_FILES]
    lines = [line(one) for one in changes if one.kind not in _OF_FILES]
    lines += [line(one) for one in files[:MAX_PATHS]]
    if len(files) > MAX_PATHS:
        lines.append(f"and {len(files) - MAX_PATHS} more files")
    return tuple(lines)


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12] or "none"


def _instruction(new: Any, old: Any, _: Listing) -> Iterator[Change]:
    new, old = new or {}, old or {}
    if new.get("op") != old.get("op"):
        yield Change("instruction", "", str(old.get("op", "")), str(new.get("op", "")))
        return
    changed = sorted(key for key in {*new, *old} if new.get(key) != old.get(key))
    yield Change("instruction", ", ".join(changed))


def _variables(kind: str) -> Callable[[Any, Any, Listing], Iterator[Change]]:
    def differ(new: Any, old: Any, _: Listing) -> Iterator[Change]:
        new, old = new or {}, old or {}
        for name in sorted({*new, *old}):
            if new.get(name) != old.get(name):
                yield Change(kind, name, GIVEN if name in old else "", GIVEN if name in new else "")

    return differ


def _files(new: Any, old: Any, listing: Listing) -> Iterator[Change]:
    for what in sorted({*(new or {}), *(old or {})}):
        before, now = (old or {}).get(what, ""), (new or {}).get(what, "")
        if before != now:
            yield from _paths(listing(before) if before else None, listing(now) if now else None)


def _paths(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change("files")
        return
    for path, now in new.items():
        if old.get(path) != now:
            yield _file(path, old.get(path), now)
    for path, before in old.items():
        if path not in new:
            yield _file(path, before, None)


def _file(path: str, old: str | None, new: str | None) -> Change:
    """What a listing's lines say of one path: `<mode> <uid> <gid>\\0<content>`, None where it is not."""
    (old_meta, _, old_what), (new_meta, _, new_what) = (
        (old or "").partition("\0"),
        (new or "").partition("\0"),
    )
    if old is not None and new is not None and old_what == new_what:
        return Change("mode", path, old_meta, new_meta)
    return Change(
        "file",
        path,
        "" if old is None else old_what or "empty",
        "" if new is None else new_what or "empty",
    )


def _one(kind: str) -> Callable[[Any, Any, Listing], Iterator[Change]]:
    def differ(new: Any, old: Any, _: Listing) -> Iterator[Change]:
        yield Change(kind, "", str(old or ""), str(new or ""))

    return differ


def _from(_new: Any, _old: Any, _: Listing) -> Iterator[Change]:
    yield Change("from")


def _below(_new: Any, _old: Any, _: Listing) -> Iterator[Change]:
    yield Change("below")


_OF_FILES = ("file", "mode")
_WORDS = {
    "version": "the cache's own rules",
    "platform": "platform",
    "epoch": "SOURCE_DATE_EPOCH",
    "network": "hosts",
}
_DIFFERENCES: dict[str, Callable[[Any, Any, Listing], Iterator[Change]]] = {
    "version": _one("version"),
    "base": _one("base"),
    "instruction": _instruction,
    "args": _variables("arg"),
    "env": _variables("env"),
    "files": _files,
    "from": _from,
    "below": _below,
    "platform": _one("platform"),
    "epoch": _one("epoch"),
    "network": _one("network"),
}
