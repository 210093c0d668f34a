"""`image bootstrap`: a base image made of distribution packages, without a registry."""

from __future__ import annotations

from gorae.cli import progress
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Ask the engine to make it; show its steps."""
    options = call.options
    query = {
        "name": call.arguments[0],
        "allow_expired": options.flag("allow-expired") or None,
        "allow_unsigned": options.flag("allow-unsigned") or None,
        "mirror": options.text("mirror") or None,
        "variant": options.text("variant") or None,
        "include": options.items("include"),
        "tag": options.text("tag") or None,
    }
    session = call.session
    response = session.call("POST", "/gorae/images/bootstrap", query)
    output = None if options.flag("quiet") else call.console.out
    progress.display(session.messages(response), output)
    if options.flag("quiet"):
        call.say(options.text("tag") or call.arguments[0])
    return 0


COMMAND = Command(
    "image bootstrap",
    "[OPTIONS] NAME",
    "make a base image from distribution packages, without a registry",
    run,
    (
        Option("allow-expired", "bool", "take a mirror whose Release file has expired"),
        Option("allow-unsigned", "bool", "take a mirror whose Release file is not signed"),
        Option("include", "strings", "further packages"),
        Option("mirror", "string", "URL of the distribution's mirror"),
        Option("q quiet", "bool", "show the name only"),
        Option("t tag", "string", "another name for the image"),
        Option("variant", "string", "set of packages", default="", choices=("minbase", "standard")),
    ),
    arguments=(1, 1),
    description=(
        "Make a base image from distribution packages, without a registry.\n\n"
        "NAME is busybox, or a suite of Debian or Ubuntu (debian:bookworm, ubuntu:noble)."
    ),
)
