"""Prune commands: the plan and the question before, the list and the sum after."""

from __future__ import annotations

import os

from gorae.cli import filters
from gorae.cli.console import read_line
from gorae.cli.options import Option
from gorae.cli.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

FORCE = Option("f force", "bool", "do not ask")
FILTER = filters.option("filter", "remove only what fits (until=..., label=...)")
PLAN = Option("plan", "bool", "only show what would be removed")
QUESTION = "Are you sure you want to continue? [y/N] "
PLAN_LIMIT = 20
NOUNS = {"build-cache": "build cache record"}
FREED = ("build-cache",)
"""What never goes to the bin: a build makes it again."""


def confirmed(
    call: Invocation,
    warning: str,
    *wanted: tuple[str, list[str]],
    more: dict[str, object] | None = None,
) -> bool:
    """Whether to go on: `--force`, or a yes to the warning and the plan. `--plan` shows it and goes no further.

    Args:
        wanted: (kind, filters) of each thing that the plan is asked for.
        more: what the prune is asked for besides its filters.
    """
    options = call.options
    if wanted and options.flag("plan"):
        for kind, words in wanted:
            show_plan(call, kind, words, more)
        return False
    if options.flag("force"):
        return True
    call.console.out.write(f"WARNING! {warning}\n")
    for kind, words in wanted:
        show_plan(call, kind, words, more, limit=PLAN_LIMIT)
    return call.console.confirm(QUESTION, lambda: read_line(call.console.input_descriptor))


def new_batch() -> str:
    """A word that marks all that one command removes: undo brings it back together."""
    return os.urandom(8).hex()


def show_plan(
    call: Invocation,
    kind: str,
    wanted: list[str],
    more: dict[str, object] | None = None,
    limit: int = 0,
) -> None:
    """What a prune of this kind would take; `limit` 0: all of it.

    Before a question, an engine that plans nothing is passed over.
    """
    from gorae.errors import GoraeError

    query = {**(more or {}), "kind": kind, "filters": filters.document(wanted)}
    try:
        plan = call.session.get("/gorae/prune", query)
    except GoraeError:
        if call.options.flag("plan"):
            raise
        return
    items = plan["Items"]
    if not items:
        call.say(f"No {NOUNS.get(kind, kind)} would be removed.")
        return
    noun = NOUNS.get(kind, kind) + ("" if len(items) == 1 else "s")
    ending = "brought back for a day" if plan["Hours"] == 24 else f"kept {plan['Hours']:g} hours"
    kept = f"can be {ending}" if plan["Kept"] and plan["Hours"] == 24 else ending
    short = "freed at once, since less than 20% of the disk are free"
    fate = "freed at once" if kind in FREED else kept if plan["Kept"] else short
    call.say(f"{len(items)} {noun}, {human_size(plan['Size'])} ({fate}):")
    for item in items[: limit or len(items)]:
        call.say(f"  {_line(item)}")
    if limit and len(items) > limit:
        call.say(f"  ... and {len(items) - limit} more (--plan lists all)")


def _line(item: dict[str, Any]) -> str:
    name = item["Name"]
    name = name[:12] if len(name) == 64 else name
    size = human_size(item["Size"]) if item["Size"] >= 0 else "not measured yet"
    return f"{name}  {size}  {item['Reason']}"


def report(call: Invocation, title: str, names: list[str], reclaimed_bytes: int | None) -> None:
    """Print what was removed."""
    if names:
        call.say(title)
        for name in names:
            call.say(name)
        call.say("")
    if reclaimed_bytes is not None:
        tell_reclaimed(call, reclaimed_bytes, some=bool(names))


def tell_reclaimed(call: Invocation, reclaimed_bytes: int, *, some: bool) -> None:
    """The sum; and how to bring things back when something went and nothing was freed."""
    call.say(f"Total reclaimed space: {human_size(reclaimed_bytes)}")
    if some and not reclaimed_bytes and call.console.out.is_terminal:
        call.say('Kept for a day: "gorae system undo" brings it back, "--empty" frees the space.')
