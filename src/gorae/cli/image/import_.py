"""`import`: an image of a root file system's archive, from a file, standard input or a URL."""

from __future__ import annotations

from gorae.cli import progress, reference, transfer
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Send the archive (a URL is fetched by the engine), print the image's id."""
    options = call.options
    source = call.arguments[0]
    body: Iterator[bytes] | None = None
    from_source = "-"
    if source == "-":
        body = transfer.read_descriptor(call.console.input_descriptor)
    elif source.startswith(("http://", "https://")):
        from_source = source
    else:
        body = transfer.read_path(source)
    name = call.arguments[1] if len(call.arguments) > 1 else ""
    if name:
        reference.parse(name)
    query = {
        "fromSrc": from_source,
        "repo": name or None,
        "message": options.text("message") or None,
        "changes": options.items("change"),
        "platform": options.text("platform") or None,
    }
    headers = [("Content-Type", "application/x-tar")] if body is not None else []
    session = call.session
    response = session.call("POST", "/images/create", query, body=body, headers=headers)
    progress.display(session.messages(response), call.console.out)
    return 0


COMMAND = Command(
    "image import",
    "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
    "make an image of a root file system's tar archive",
    run,
    (
        Option("c change", "list", "apply a Dockerfile instruction"),
        Option("m message", "string", "comment"),
        Option("platform", "string", "platform of the image (os/arch)"),
    ),
    arguments=(1, None),
)
