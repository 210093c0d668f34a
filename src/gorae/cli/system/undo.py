"""`system undo`: bring back what prune, `rm` or `volume rm` took."""

from __future__ import annotations

import time

from gorae.cli import tabwriter
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import parse_rfc3339
from gorae.cli.units import human_duration, human_size
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """List, empty, or bring back what is named; without a name all that the last command took."""
    options = call.options
    if options.flag("list") and options.flag("empty"):
        raise InvalidArgument("conflicting options: --list and --empty")
    if call.arguments and (options.flag("list") or options.flag("empty")):
        raise InvalidArgument("--list and --empty mean the whole bin: name nothing")
    if options.flag("list"):
        call.console.out.write(listing(call.session.get("/gorae/bin")))
        return 0
    if options.flag("empty"):
        answer = call.session.delete("/gorae/bin")
        call.say(f"Total reclaimed space: {human_size(answer['SpaceReclaimed'])}")
        return 0
    name = options.text("name")
    if name and len(call.arguments) > 1:
        raise InvalidArgument("--name renames one thing: name one")
    failed = 0
    for asked in call.arguments or [""]:
        query = {"object": asked or None, "name": name or None}
        try:
            for one in call.session.post("/gorae/bin/undo", query):
                call.say(f"{one['Type']} {one['Name']}")
        except GoraeError as error:
            call.console.complain(str(error))
            failed = 1
    return failed


def listing(rows: list[dict[str, Any]]) -> str:
    """What can be brought back, the last first."""
    lines = ["TOKEN\tTYPE\tNAME\tSIZE\tREMOVED"]
    for row in reversed(rows):
        ago = human_duration(time.time() - parse_rfc3339(row["Removed"])[0])
        name = row["Name"][:12] if len(row["Name"]) == 64 else row["Name"]
        size = human_size(row["Size"]) if row["Size"] >= 0 else "not measured yet"
        lines.append(f"{row['Token']}\t{row['Type']}\t{name}\t{size}\t{ago} ago")
    return tabwriter.align("\n".join(lines)) + "\n"


COMMAND = Command(
    "system undo",
    "[OPTIONS] [CONTAINER|VOLUME|NETWORK|IMAGE|TOKEN...]",
    "bring back what prune, rm or volume rm took",
    run,
    (
        Option("empty", "bool", "remove everything for good instead"),
        Option("l list", "bool", "list what can be brought back"),
        Option("name", "string", "a new name for it, where the old one is taken"),
    ),
    arguments=(0, None),
)
