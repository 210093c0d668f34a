"""`network prune`."""

from __future__ import annotations

from gorae.cli import filters, pruning
from gorae.cli.options import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove networks that no container uses."""
    warning = "This will remove all custom networks not used by at least one container."
    wanted = call.options.items("filter")
    if not pruning.confirmed(call, warning, ("network", wanted)):
        return 0
    query = {"filters": filters.document(wanted)}
    answer = call.session.post("/networks/prune", query)
    pruning.report(call, "Deleted Networks:", answer["NetworksDeleted"] or [], None)
    return 0


COMMAND = Command(
    "network prune",
    "[OPTIONS]",
    "remove unused networks",
    run,
    (pruning.FILTER, pruning.FORCE, pruning.PLAN),
)
