"""`network rm`."""

from __future__ import annotations

from gorae.cli.errors import FAILURE, Exit
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove each; with `--force` one that does not exist is no failure."""
    failed = False
    for name in call.arguments:
        try:
            call.session.delete(f"/networks/{quote(name)}")
        except GoraeError as error:
            if call.options.flag("force") and isinstance(error, NotFound):
                continue
            call.console.complain(str(error))
            failed = True
        else:
            call.say(name)
    if failed:
        raise Exit(FAILURE, "exit status 1")
    return 0


COMMAND = Command(
    "network rm",
    "NETWORK [NETWORK...]",
    "remove networks",
    run,
    (Option("f force", "bool", "one that does not exist is no failure"),),
    arguments=(1, None),
)
