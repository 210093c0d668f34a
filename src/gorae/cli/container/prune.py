"""`container prune`."""

from __future__ import annotations

from gorae.cli import filters, pruning
from gorae.cli.options import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove all stopped containers."""
    if not pruning.confirmed(
        call,
        "This will remove all stopped containers.",
        ("container", call.options.items("filter")),
    ):
        return 0
    query = {"filters": filters.document(call.options.items("filter"))}
    answer = call.session.post("/containers/prune", query)
    pruning.report(
        call, "Deleted Containers:", answer["ContainersDeleted"] or [], answer["SpaceReclaimed"]
    )
    return 0


COMMAND = Command(
    "container prune",
    "[OPTIONS]",
    "remove all stopped containers",
    run,
    (pruning.FILTER, pruning.FORCE, pruning.PLAN),
)
