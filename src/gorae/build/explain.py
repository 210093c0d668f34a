"""Why a step was run: the difference between its record and the one that it had the last time. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gorae.build.cachekey import Parts

MAX_PATHS = 5
Listing = Callable[[str], Mapping[str, str] | None]
"""A kept listing by its digest: path -> the rest of its line; None when it was not kept."""


@dataclass(frozen=True, slots=True)
class Why:
    """`reason` is one of first, changed, parent, no-cache, evicted, cached; `lines` are for people."""

    reason: str
    lines: tuple[str, ...] = ()
    last_hit_ns: int = 0


def miss(new: Parts, old: Parts | None, listing: Listing, *, last_ns: int = 0) -> Why:
    """Why a step with these parts was not found. `old`: the step's record before, None when there is none."""
    if old is None:
        return Why("first", ("this step was not built before",))
    if new == old:
        return Why(
            "evicted", ("its result was pruned, or its layer is not here any more",), last_ns
        )
    lines = [
        line
        for name, tell in _TELLERS.items()
        for line in tell(new.get(name), old.get(name), listing)
        if new.get(name) != old.get(name)
    ]
    if lines:
        return Why("changed", tuple(lines), last_ns)
    if new.get("parent") != old.get("parent"):
        return Why("parent", ("the step before it has another result",), last_ns)
    return Why("changed", ("something else about it changed",), last_ns)


def shortened(lines: Sequence[str]) -> dict[str, str]:
    """A listing's lines as a kept listing has them."""
    return {
        path: f"{meta}\0{what[:16]}" for path, meta, what in (one.split("\0", 2) for one in lines)
    }


def _instruction(new: Any, old: Any, _: Listing) -> list[str]:
    new, old = new or {}, old or {}
    if new.get("op") != old.get("op"):
        return [f"another instruction: {new.get('op')}, before {old.get('op')}"]
    changed = sorted(key for key in {*new, *old} if new.get(key) != old.get(key))
    return [f"the instruction changed: {', '.join(changed)}"] if changed else []


def _variables(kind: str) -> Callable[[Any, Any, Listing], list[str]]:
    def tell(new: Any, old: Any, _: Listing) -> list[str]:
        new, old = new or {}, old or {}
        lines = []
        for name in sorted({*new, *old}):
            if name not in old:
                lines.append(f"{kind} {name} is new")
            elif name not in new:
                lines.append(f"{kind} {name} is gone")
            elif new[name] != old[name]:
                lines.append(f"{kind} {name} has another value")
        return lines

    return tell


def _files(new: Any, old: Any, listing: Listing) -> list[str]:
    lines: list[str] = []
    for what in sorted({*(new or {}), *(old or {})}):
        before, now = (old or {}).get(what, ""), (new or {}).get(what, "")
        if before != now:
            lines += _paths(listing(before) if before else None, listing(now) if now else None)
    return lines


def _paths(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> list[str]:
    if old is None or new is None:
        return ["the files that it takes changed"]
    changed = [
        (path, _change(old.get(path), line)) for path, line in new.items() if old.get(path) != line
    ]
    changed += [(path, "is gone") for path in old if path not in new]
    lines = [f"{path} {how}" for path, how in changed[:MAX_PATHS]]
    if len(changed) > MAX_PATHS:
        lines.append(f"and {len(changed) - MAX_PATHS} more files")
    return lines


def _change(old: str | None, new: str) -> str:
    if old is None:
        return "is new"
    (old_meta, _, old_what), (new_meta, _, new_what) = old.partition("\0"), new.partition("\0")
    if old_what != new_what:
        return f"changed ({old_what[:8] or 'empty'} -> {new_what[:8] or 'empty'})"
    return f"has another mode or owner ({old_meta} -> {new_meta})"


def _from(new: Any, old: Any, _: Listing) -> list[str]:
    return [] if new == old else ["what it takes from another stage or image changed"]


def _word(text: str) -> Callable[[Any, Any, Listing], list[str]]:
    return lambda new, old, _: (
        [] if new == old else [f"{text}: {new or 'none'}, before {old or 'none'}"]
    )


_TELLERS: dict[str, Callable[[Any, Any, Listing], list[str]]] = {
    "version": _word("the cache's own rules"),
    "instruction": _instruction,
    "args": _variables("ARG"),
    "env": _variables("ENV"),
    "files": _files,
    "from": _from,
    "platform": _word("platform"),
    "epoch": _word("SOURCE_DATE_EPOCH"),
    "network": _word("hosts"),
}
