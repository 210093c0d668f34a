"""`push`: send an image to a registry."""

from __future__ import annotations

from gorae.cli import credentials, progress, reference
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Push one name, or with `-a` all tags of a repository."""
    options = call.options
    name = reference.parse(call.arguments[0])
    quiet = options.flag("quiet")
    if options.flag("all-tags"):
        if name.tag or name.digest:
            raise InvalidArgument("tag can't be used with --all-tags/-a")
    elif not (name.tag or name.digest):
        name = name.with_default_tag()
        if not quiet:
            call.say("Using default tag: latest")
    document = credentials.read(credentials.folder(call.globals.text("config")))
    session = call.session
    response = session.call(
        "POST",
        f"/images/{quote(name.name, '/:')}/push",
        {"tag": name.tag or None, "platform": options.text("platform") or None},
        headers=[credentials.header(document, name.domain)],
    )
    progress.display(session.messages(response), None if quiet else call.console.out)
    if quiet:
        call.say(f"{name.name}:{name.tag}" if name.tag else name.name)
    return 0


COMMAND = Command(
    "image push",
    "[OPTIONS] NAME[:TAG]",
    "send an image to a registry",
    run,
    (
        Option("a all-tags", "bool", "send all tags of the repository"),
        Option("disable-content-trust", "bool", "accepted for docker's sake", default=True),
        Option("platform", "string", "send this platform only (os/arch)"),
        Option("q quiet", "bool", "show the name only"),
    ),
    arguments=(1, 1),
)
