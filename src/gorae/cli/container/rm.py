"""`rm`: remove containers."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.cli.pruning import new_batch
from gorae.client.session import quote
from gorae.errors import GoraeError, InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Remove each; with `--force` one that does not exist is no failure."""
    options = call.options
    query = {
        "v": options.flag("volumes") or None,
        "force": options.flag("force") or None,
        "link": options.flag("link") or None,
        "batch": new_batch(),
    }
    failed = 0
    for argument in call.arguments:
        name = argument.strip("/")
        try:
            if not name:
                raise InvalidArgument("container name cannot be empty")
            call.session.delete(f"/containers/{quote(name, '/')}", query)
        except GoraeError as error:
            call.console.complain(str(error))
            failed |= not (options.flag("force") and isinstance(error, NotFound))
        else:
            call.say(argument)
    return int(failed)


COMMAND = Command(
    "container rm",
    "[OPTIONS] CONTAINER [CONTAINER...]",
    "remove containers",
    run,
    (
        Option("f force", "bool", "kill and remove running ones too"),
        Option("l link", "bool", "remove the link of that name"),
        Option("v volumes", "bool", "remove their anonymous volumes"),
    ),
    arguments=(1, None),
)
