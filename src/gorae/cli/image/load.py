"""`load`: images from an archive."""

from __future__ import annotations

from gorae.cli import progress, transfer
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

TAR = (("Content-Type", "application/x-tar"),)


def run(call: Invocation) -> int:
    """Send the archive, show what became of it."""
    options = call.options
    path = options.text("input")
    if not path and call.console.input_is_terminal:
        raise InvalidArgument("requested load from stdin, but stdin is empty")
    body = (
        transfer.read_path(path)
        if path
        else transfer.read_descriptor(call.console.input_descriptor)
    )
    quiet = options.flag("quiet") or not call.console.out.is_terminal
    query = {"quiet": quiet, "platform": options.text("platform") or None}
    session = call.session
    response = session.call("POST", "/images/load", query, body=body, headers=TAR)
    if "json" in response.headers.get("content-type", ""):
        progress.display(session.messages(response), call.console.out)
        return 0
    for piece in response.chunks():
        call.console.out.write(piece)
    return 0


COMMAND = Command(
    "image load",
    "[OPTIONS]",
    "take images from an archive",
    run,
    (
        Option("i input", "string", "read from a file"),
        Option("platform", "string", "take this platform only (os/arch)"),
        Option("q quiet", "bool", "show the names only"),
    ),
)
