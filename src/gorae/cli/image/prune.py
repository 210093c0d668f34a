"""`image prune`."""

from __future__ import annotations

from gorae.cli import filters, pruning
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

DANGLING = "This will remove all dangling images."
UNUSED = "This will remove all images without at least one container associated to them."


def run(call: Invocation) -> int:
    """Remove images without a name, or all unused ones."""
    everything = call.options.flag("all")
    wanted = [*call.options.items("filter"), f"dangling={str(not everything).lower()}"]
    if not pruning.confirmed(call, UNUSED if everything else DANGLING, ("image", wanted)):
        return 0
    answer = call.session.post("/images/prune", {"filters": filters.document(wanted)})
    lines = [
        f"untagged: {entry['Untagged']}"
        if entry.get("Untagged")
        else f"deleted: {entry['Deleted']}"
        for entry in answer["ImagesDeleted"] or ()
    ]
    pruning.report(call, "Deleted Images:", lines, answer["SpaceReclaimed"])
    return 0


COMMAND = Command(
    "image prune",
    "[OPTIONS]",
    "remove unused images",
    run,
    (
        Option("a all", "bool", "remove all images that no container uses"),
        pruning.FILTER,
        pruning.FORCE,
        pruning.PLAN,
    ),
)
