"""`volume rm`."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.cli.pruning import new_batch
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove each."""
    query = {"force": call.options.flag("force") or None, "batch": new_batch()}
    return call.for_each(
        call.arguments, lambda name: call.session.delete(f"/volumes/{quote(name)}", query)
    )


COMMAND = Command(
    "volume rm",
    "[OPTIONS] VOLUME [VOLUME...]",
    "remove volumes",
    run,
    (Option("f force", "bool", "one that does not exist is no failure"),),
    arguments=(1, None),
)
