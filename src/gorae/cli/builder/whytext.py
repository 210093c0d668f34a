"""What `build why` prints of a build's record. Pure."""

from __future__ import annotations

from gorae.cli.units import human_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MORE = "gorae build why NUMBER tells more of a step"


def build(found: dict[str, Any], now_ns: int) -> list[str]:
    """The whole build: each step with the reason why it ran."""
    steps = found["steps"]
    names = f" as {', '.join(found['names'])}" if found.get("names") else ""
    how = "failed" if found["status"] == "failed" else "done"
    lines = [
        f'build {found["id"][:12]} of "{found["project"]}", {_ago(found["created_ns"], now_ns)}',
        f"{how} in {_seconds(found['took_ns'])}{names}",
    ]
    if found.get("error"):
        lines.append(f"error: {found['error'].splitlines()[0]}")
    if not steps:
        return [*lines, "", "no step was reached"]
    lines.append("")
    width = len(str(steps[-1]["number"]))
    for one in steps:
        took = _seconds(one["took_ns"]) if word(one) not in ("CACHED", "SKIPPED") else ""
        lines.append(f"{one['number']:>{width}}  {word(one):<7} {took:>7}  {one['name']}")
        lines += [f"{'':{width + 18}}{text}" for text in _why(one)]
    return [*lines, "", MORE]


def word(one: dict[str, Any]) -> str:
    """What became of a step, in a word."""
    if one.get("reason") == "skipped":
        return "SKIPPED"
    if one.get("error"):
        return "FAILED"
    return "CACHED" if one.get("cached") else "RAN"


def _why(one: dict[str, Any]) -> list[str]:
    """As `--explain` says it; of a step that follows, which one it follows."""
    lines = [str(text) for text in one.get("lines") or ()]
    if one.get("reason") == "parent" and one.get("because"):
        lines = [f"step {one['because']} before it has another result"]
    if not lines:
        return []
    return [f"why: {lines[0]}", *(f"     {text}" for text in lines[1:])]


def step(found: dict[str, Any], number: int, now_ns: int) -> list[str]:
    """One step in detail."""
    one = next(one for one in found["steps"] if one["number"] == number)
    when = _ago(found["created_ns"], now_ns)
    lines = [f"step {number} of build {found['id'][:12]}: {one['name']}"]
    match word(one):
        case "CACHED":
            return [*lines, f"  it was taken from the cache, {when}"]
        case "SKIPPED":
            return [*lines, "  it was not reached: it was not needed, or the build ended before"]
        case "FAILED":
            lines.append(f"  it failed after {_seconds(one['took_ns'])}, {when}: {one['error']}")
        case _:
            lines.append(f"  it ran for {_seconds(one['took_ns'])}, {when}")
    lines += _reasons(found, one)
    if one.get("last_hit_ns"):
        before = human_duration(max(0, found["created_ns"] - one["last_hit_ns"]) / 1e9).lower()
        lines.append(f"  its last result was last used {before} before this build")
    followers = [str(two["number"]) for two in found["steps"] if two.get("because") == number]
    if followers:
        lines.append(
            f"  because of it ran: step{'s' * (len(followers) > 1)} {', '.join(followers)}"
        )
    return lines


def _reasons(found: dict[str, Any], one: dict[str, Any]) -> list[str]:
    changes = one.get("changes") or []
    if one.get("reason") == "parent":
        return _chain(found, one)
    if not changes:
        return [f"  why: {text}" for text in one.get("lines") or ()]
    others = [two for two in changes if two["kind"] not in ("file", "mode")]
    lines = [f"  why: {text}" for text in (one.get("lines") or ())[: len(others)]]
    lines += [f"       {two['old']} -> {two['new']}" for two in others if two["kind"] == "base"]
    files = [two for two in changes if two["kind"] in ("file", "mode")]
    if files:
        count = one.get("changed_files") or len(files)
        of = f"{count} of {one['files']} files differ" if one.get("files") else f"{count} differ"
        lines.append(f"  why: of what it takes, {of}:")
        width = max(len(two["name"]) for two in files[:200])
        lines += [f"         {two['name']:<{min(width, 60)}}  {_difference(two)}" for two in files]
        if count > len(files):
            lines.append(f"         and {count - len(files)} more")
    return lines


def _difference(change: dict[str, Any]) -> str:
    old, new = change["old"], change["new"]
    if change["kind"] == "mode":
        return f"mode and owner {old} -> {new}"
    if old and new:
        return f"{old} -> {new}"
    return f"new ({new})" if new else f"gone ({old})"


def _chain(found: dict[str, Any], one: dict[str, Any]) -> list[str]:
    """A step that ran because another did: that one's own reason."""
    cause = next((two for two in found["steps"] if two["number"] == one.get("because")), None)
    if cause is None:
        return [f"  why: {text}" for text in one.get("lines") or ()]
    lines = [f"  why: step {cause['number']} ran before it: {cause['name']}"]
    return [*lines, *(f"         {text}" for text in cause.get("lines") or ())]


def _ago(then_ns: int, now_ns: int) -> str:
    return f"{human_duration(max(0, now_ns - then_ns) / 1e9).lower()} ago"


def _seconds(took_ns: int) -> str:
    return f"{took_ns / 1e9:.1f}s"
