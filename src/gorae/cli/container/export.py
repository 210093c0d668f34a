"""`export`: a container's file system as a tar archive."""

from __future__ import annotations

from gorae.cli import transfer
from gorae.cli.container.lifecycle import path
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Write the archive."""
    target = call.options.text("output")
    transfer.check_output(call.console, target, "export", "container")
    response = call.session.call("GET", path(call.arguments[0], "export"))
    transfer.write_response(response, call.console, target)
    return 0


COMMAND = Command(
    "container export",
    "[OPTIONS] CONTAINER",
    "write a container's file system as a tar archive",
    run,
    (Option("o output", "string", "write to a file"),),
    arguments=(1, 1),
)
