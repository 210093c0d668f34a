"""Prune commands: the question before, the list and the sum after."""

from __future__ import annotations

from gorae.cli import filters
from gorae.cli.console import read_line
from gorae.cli.options import Option
from gorae.cli.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

FORCE = Option("f force", "bool", "do not ask")
FILTER = filters.option("filter", "remove only what fits (until=..., label=...)")
QUESTION = "Are you sure you want to continue? [y/N] "


def confirmed(call: Invocation, warning: str) -> bool:
    """Whether to go on: `--force`, or a yes to the warning."""
    if call.options.flag("force"):
        return True
    question = f"WARNING! {warning}\n{QUESTION}"
    return call.console.confirm(question, lambda: read_line(call.console.input_descriptor))


def report(call: Invocation, title: str, names: list[str], reclaimed_bytes: int | None) -> None:
    """Print what was removed."""
    if names:
        call.say(title)
        for name in names:
            call.say(name)
        call.say("")
    if reclaimed_bytes is not None:
        call.say(f"Total reclaimed space: {human_size(reclaimed_bytes)}")
