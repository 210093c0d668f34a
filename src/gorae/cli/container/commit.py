"""`commit`: an image of a container's changes."""

from __future__ import annotations

from gorae.cli import reference
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Make the image, print its id."""
    options = call.options
    repository, tag = "", ""
    if len(call.arguments) > 1 and call.arguments[1]:
        name = reference.parse(call.arguments[1]).with_default_tag()
        repository, tag = name.name, name.tag
    query = {
        "container": call.arguments[0],
        "repo": repository or None,
        "tag": tag or None,
        "comment": options.text("message") or None,
        "author": options.text("author") or None,
        "changes": options.items("change"),
        "pause": options.flag("pause"),
    }
    call.say(call.session.post("/commit", query, {})["Id"])
    return 0


COMMAND = Command(
    "container commit",
    "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
    "make an image of a container's changes",
    run,
    (
        Option("a author", "string", "author"),
        Option("c change", "list", "apply a Dockerfile instruction"),
        Option("m message", "string", "comment"),
        Option("p pause", "bool", "pause the container meanwhile", default=True),
    ),
    arguments=(1, 2),
)
