"""`why`: how a container ended, and what is known of it."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.cli.units import binary_size
from gorae.client import jsontext
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Facts first, then the last lines."""
    found = call.session.get(f"/gorae/containers/{quote(call.arguments[0])}/why")
    if call.options.text("format") == "json":
        call.say(jsontext.encode(found))
        return 0
    call.say(f"{found['Name']} exited {found['ExitCode']} at {found['FinishedAt'][:19]}Z")
    call.say(f"  reason   {found['Reason']}")
    for line in _facts(found):
        call.say(f"  {line}")
    shown = found["Lines"][-call.options.number("lines") :] if call.options.number("lines") else []
    if shown:
        call.say("  last lines")
        for line in shown:
            call.say(f"    {line}")
    return 0


def _facts(found: dict[str, Any]) -> list[str]:
    lines = [f"image    {found['Image']} (container {found['ID'][:12]})"]
    if found["MemoryPeak"]:
        limit = found["MemoryLimit"]
        of = f" of {binary_size(limit)}" if limit else ", without a limit"
        lines.append(f"memory   {binary_size(found['MemoryPeak'])} at most{of}")
    if found["RestartCount"]:
        lines.append(f"restarts {found['RestartCount']}")
    if found["Health"] not in ("", "none"):
        lines.append(f"health   {found['Health']}")
        for one in found["HealthLog"] or ():
            output = one["Output"].strip().splitlines()
            said = f": {output[-1]}" if output else ""
            lines.append(f"         {one['Start'][11:19]} status {one['ExitCode']}{said}")
    return lines


COMMAND = Command(
    "container why",
    "[OPTIONS] CONTAINER",
    "say how a container ended, also of one that is gone",
    run,
    (
        Option("format", "string", "'json' for the facts as a document"),
        Option("n lines", "int", "how many of its last lines are shown", default=10),
    ),
    arguments=(1, 1),
)
