"""`builder prune`: remove build cache."""

from __future__ import annotations

from gorae.cli import filters, pruning, tabwriter
from gorae.cli.options import Command, Option
from gorae.cli.units import human_size
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.invocation import Invocation

DANGLING = "This will remove all dangling build cache."
EVERYTHING = "This will remove all build cache."
_SPACES = {
    "reserved-space": "reserved-space",
    "max-used-space": "max-used-space",
    "min-free-space": "min-free-space",
    "keep-storage": "reserved-space",
}


def run(call: Invocation) -> int:
    """Ask, remove, say what was freed."""
    options = call.options
    everything = options.flag("all")
    wanted = options.items("filter")
    query: dict[str, object] = {"all": everything or None}
    for option, name in _SPACES.items():
        if options.changed(option):
            query[name] = options.number(option)
    warning = EVERYTHING if everything else DANGLING
    if not pruning.confirmed(call, warning, ("build-cache", wanted), more=query):
        return 0
    query["filters"] = filters.document(wanted)
    answer = call.session.post("/build/prune", query)
    deleted = [str(one) for one in answer.get("CachesDeleted") or ()]
    pruning.report(call, "Deleted build cache objects:", deleted, answer["SpaceReclaimed"])
    return 0


def run_usage(call: Invocation) -> int:
    """`builder du`: the cache's records."""
    found = call.session.get("/system/df", {"type": "build-cache"})
    fits = _filter(call.options.items("filter"))
    records = [one for one in found.get("BuildCache") or [] if fits(one)]
    lines = ["ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\tDESCRIPTION"]
    for one in records:
        shown = human_size(one["Size"])
        free = str(not one["InUse"]).lower()
        last = str(one.get("LastUsedAt") or "")[:19]
        lines.append(f"{one['ID'][:25]}\t{free}\t{shown}\t{last}\t{one.get('Description', '')}")
    call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")
    free_bytes = sum(one["Size"] for one in records if not one["InUse"])
    call.say(f"Reclaimable:\t{human_size(free_bytes)}")
    call.say(f"Total:\t\t{human_size(sum(one['Size'] for one in records))}")
    return 0


def _filter(wanted: list[str]) -> Callable[[dict[str, Any]], bool]:
    """Whether a record fits: of each filter one value. Raises: InvalidArgument: no such filter."""
    given: dict[str, list[str]] = {}
    for text in wanted:
        name, _, value = text.partition("=")
        if name not in _CHECKS:
            known = ", ".join(sorted(_CHECKS))
            raise InvalidArgument(f"invalid filter '{name}': it is one of {known}")
        given.setdefault(name, []).append(value)
    return lambda one: all(
        any(_CHECKS[name](one, value) for value in values) for name, values in given.items()
    )


def _truth(text: str) -> bool:
    return text.lower() in ("", "1", "t", "true")


_CHECKS: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "id": lambda one, text: one["ID"].startswith(text),
    "parent": lambda one, text: text in (one.get("Parents") or ()),
    "description": lambda one, text: text in one.get("Description", ""),
    "type": lambda one, text: text == one.get("Type"),
    "inuse": lambda one, text: _truth(text) == one["InUse"],
    "shared": lambda one, text: _truth(text) == one["Shared"],
    "private": lambda one, text: _truth(text) != one["Shared"],
}

COMMANDS = {
    "prune": Command(
        "builder prune",
        "[OPTIONS]",
        "remove build cache",
        run,
        (
            Option("a all", "bool", "remove all build cache, not just what nothing uses"),
            Option("builder", "string", "accepted for docker's sake", hidden=True),
            Option("D debug", "bool", "accepted for docker's sake", hidden=True),
            pruning.FILTER,
            pruning.FORCE,
            pruning.PLAN,
            Option("keep-storage", "bytes", "older name of --reserved-space", hidden=True),
            Option("max-used-space", "bytes", "space that the cache may take"),
            Option("min-free-space", "bytes", "free space to reach"),
            Option("reserved-space", "bytes", "space that the cache may always keep"),
            Option("verbose", "bool", "accepted for docker's sake", hidden=True),
        ),
    ),
    "du": Command(
        "builder du",
        "[OPTIONS]",
        "show the build cache's records",
        run_usage,
        (
            Option("builder", "string", "accepted for docker's sake", hidden=True),
            Option("D debug", "bool", "accepted for docker's sake", hidden=True),
            filters.option("filter", "show only what fits"),
            Option("verbose", "bool", "accepted for docker's sake", hidden=True),
        ),
    ),
}
