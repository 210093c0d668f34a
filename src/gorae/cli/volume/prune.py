"""`volume prune`."""

from __future__ import annotations

from gorae.cli import filters, pruning
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

ANONYMOUS = "This will remove anonymous local volumes not used by at least one container."
EVERYTHING = "This will remove all local volumes not used by at least one container."


def run(call: Invocation) -> int:
    """Remove unused volumes: anonymous ones, or all."""
    everything = call.options.flag("all")
    wanted = call.options.items("filter")
    if everything:
        if any(text.startswith("all=") for text in wanted):
            raise InvalidArgument(
                "conflicting options: cannot specify both --all and --filter all=1"
            )
        wanted.append("all=true")
    warning = EVERYTHING if everything else ANONYMOUS
    if not pruning.confirmed(call, warning, ("volume", wanted)):
        return 0
    answer = call.session.post("/volumes/prune", {"filters": filters.document(wanted)})
    pruning.report(
        call, "Deleted Volumes:", answer["VolumesDeleted"] or [], answer["SpaceReclaimed"]
    )
    return 0


COMMAND = Command(
    "volume prune",
    "[OPTIONS]",
    "remove unused volumes",
    run,
    (
        Option("a all", "bool", "remove named ones too"),
        pruning.FILTER,
        pruning.FORCE,
        pruning.PLAN,
    ),
)
