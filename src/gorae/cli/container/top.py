"""`top`: the processes of a container."""

from __future__ import annotations

from gorae.cli import tabwriter
from gorae.cli.options import Command
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Print the table that `ps` gave."""
    name, *ps_options = call.arguments
    query = {"ps_args": " ".join(ps_options) or None}
    answer = call.session.get(f"/containers/{quote(name)}/top", query)
    rows = [answer["Titles"], *answer["Processes"]]
    call.console.out.write(tabwriter.align("\n".join("\t".join(row) for row in rows), 20) + "\n")
    return 0


COMMAND = Command(
    "container top",
    "CONTAINER [ps OPTIONS]",
    "list a container's processes",
    run,
    arguments=(1, None),
    interspersed=False,
)
