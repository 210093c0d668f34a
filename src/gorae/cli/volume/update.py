"""`volume update`: of cluster volumes, which this engine has none of; the engine says so."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Ask the engine."""
    name = call.arguments[0]
    call.session.call(
        "PUT",
        f"/volumes/{quote(name)}",
        {"version": 0},
        document={"Spec": {"Availability": call.options.text("availability")}},
    ).read()
    call.say(name)
    return 0


COMMAND = Command(
    "volume update",
    "[OPTIONS] VOLUME",
    "update a volume (cluster volumes only)",
    run,
    (Option("availability", "string", "active, pause or drain", default="active"),),
    arguments=(1, 1),
)
