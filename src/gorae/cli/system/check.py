"""`system check`: verify every stored digest, size and reference, and the host's leftovers."""

from __future__ import annotations

from gorae.cli.errors import FAILURE, Exit
from gorae.cli.options import Command, Option
from gorae.client import jsontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Print the findings; the status is 1 while some are left unrepaired."""
    repair = call.options.flag("repair")
    path = "/gorae/system/check"
    answer = call.session.post(path) if repair else call.session.get(path)
    findings = answer["Findings"]
    if call.options.text("format") == "json":
        call.say(jsontext.encode(answer))
    else:
        for finding in findings:
            ending = " (repaired)" if finding["Repaired"] else ""
            call.say(f"{finding['Kind']} {finding['Object']}: {finding['Problem']}{ending}")
    if not findings and call.options.text("format") != "json":
        call.say("no problem found")
    left = sum(1 for finding in findings if not finding["Repaired"])
    if left:
        hint = "" if repair else "; repair with --repair"
        raise Exit(FAILURE, f"{left} problem{'s' if left > 1 else ''} found{hint}")
    return 0


COMMAND = Command(
    "system check",
    "[OPTIONS]",
    "verify the store and the host's leftovers",
    run,
    (
        Option("format", "string", "'json' for the findings as a document"),
        Option("repair", "bool", "repair what can be repaired"),
    ),
)
