"""`diff`: what a container changed in its file system."""

from __future__ import annotations

from gorae.cli.options import Command
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

KINDS = "CAD"


def run(call: Invocation) -> int:
    """One line for each changed, added or deleted path."""
    rows = call.session.get(f"/containers/{quote(call.arguments[0])}/changes") or ()
    for row in rows:
        call.say(f"{KINDS[row['Kind']]} {row['Path']}")
    return 0


COMMAND = Command(
    "container diff",
    "CONTAINER",
    "list what a container changed in its file system",
    run,
    arguments=(1, 1),
)
