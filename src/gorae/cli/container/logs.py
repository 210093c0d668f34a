"""`logs`: what a container wrote."""

from __future__ import annotations

import time

from gorae.cli import timestamp
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.client.stdcopy import STDERR, Demultiplexer
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Show or follow the log."""
    options = call.options
    query = {
        "stdout": True,
        "stderr": True,
        "since": moment(call, "since"),
        "until": moment(call, "until"),
        "timestamps": options.flag("timestamps") or None,
        "follow": options.flag("follow") or None,
        "tail": options.text("tail"),
        "details": options.flag("details") or None,
    }
    document = call.session.get(f"/containers/{quote(call.arguments[0])}/json")
    response = call.session.call("GET", f"/containers/{document['Id']}/logs", query)
    out, err = call.console.out, call.console.err
    frames = None if document["Config"]["Tty"] else Demultiplexer()
    follows = options.flag("follow")
    for piece in response.chunks():
        if frames is None:
            out.write(piece)
        else:
            for stream, payload in frames.feed(piece):
                (err if stream == STDERR else out).write(payload)
        if follows:
            call.console.flush()
    return 0


def moment(call: Invocation, name: str) -> str | None:
    """The option as the API's moment; None when it is not given."""
    text = call.options.text(name)
    if not text:
        return None
    try:
        return timestamp.query_value(text, time.time())
    except InvalidArgument as error:
        raise InvalidArgument(f'invalid value for "{name}": {error}') from None


COMMAND = Command(
    "container logs",
    "[OPTIONS] CONTAINER",
    "show what a container wrote",
    run,
    (
        Option("details", "bool", "show the log driver's further attributes"),
        Option("f follow", "bool", "go on as more is written"),
        Option("since", "string", "show lines since a time (2026-01-02T13:23:37Z) or a span (42m)"),
        Option("n tail", "string", "number of lines from the end", default="all"),
        Option("t timestamps", "bool", "show the time of each line"),
        Option("until", "string", "show lines before a time or a span"),
    ),
    arguments=(1, 1),
)
