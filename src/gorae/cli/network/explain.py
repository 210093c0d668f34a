"""`network explain`: how packets reach a container and leave it."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.client import jsontext
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Section by section."""
    found = call.session.get(f"/gorae/containers/{quote(call.arguments[0])}/network")
    if call.options.text("format") == "json":
        call.say(jsontext.encode(found))
        return 0
    for section in found["Sections"]:
        title = section["Title"]
        for line in section["Lines"]:
            call.say(f"{title:<11} {line}")
            title = ""
    return 0


COMMAND = Command(
    "network explain",
    "[OPTIONS] CONTAINER",
    "show how packets reach a container and leave it",
    run,
    (Option("format", "string", "'json' for a document"),),
    arguments=(1, 1),
)
