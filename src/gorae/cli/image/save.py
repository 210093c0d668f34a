"""`save`: images to an archive."""

from __future__ import annotations

from gorae.cli import transfer
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Write one archive of all named images."""
    target = call.options.text("output")
    transfer.check_output(call.console, target, "save", "image")
    query = {"names": call.arguments, "platform": call.options.text("platform") or None}
    response = call.session.call("GET", "/images/get", query)
    transfer.write_response(response, call.console, target)
    return 0


COMMAND = Command(
    "image save",
    "[OPTIONS] IMAGE [IMAGE...]",
    "write images to an archive",
    run,
    (
        Option("o output", "string", "write to a file"),
        Option("platform", "string", "write this platform only (os/arch)"),
    ),
    arguments=(1, None),
)
