"""`image rm`, `rmi`: remove images or names of them."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove each; with `--force` one that does not exist is no failure."""
    options = call.options
    query = {
        "force": options.flag("force") or None,
        "noprune": options.flag("no-prune") or None,
    }
    failed = 0
    complaints = []
    for name in call.arguments:
        try:
            answer = call.session.delete(f"/images/{quote(name, '/:@')}", query)
        except GoraeError as error:
            complaints.append(str(error))
            failed |= not (options.flag("force") and isinstance(error, NotFound))
            continue
        for entry in answer or ():
            call.say(
                f"Deleted: {entry['Deleted']}"
                if entry.get("Deleted")
                else f"Untagged: {entry['Untagged']}"
            )
    for complaint in complaints:
        call.console.complain(complaint)
    return int(failed)


COMMAND = Command(
    "image rm",
    "[OPTIONS] IMAGE [IMAGE...]",
    "remove images",
    run,
    (
        Option("f force", "bool", "remove it though it has more names or stopped containers"),
        Option("no-prune", "bool", "keep parents without a name"),
        Option("platform", "strings", "remove this platform only (os/arch)"),
    ),
    arguments=(1, None),
)
