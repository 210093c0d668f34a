"""`events`: what happens in the engine, as it happens."""

from __future__ import annotations

import time

from gorae.cli import filters
from gorae.cli.inspect import parse_or_leave
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import query_value
from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.invocation import Invocation

    Event = dict[str, Any]


def run(call: Invocation) -> int:
    """Print events until `--until`, or until interrupted."""
    options = call.options
    show = printer(options.text("format"))
    query = {
        "since": moment(options.text("since")),
        "until": moment(options.text("until")),
        "filters": filters.document(options.items("filter")),
    }
    session = call.session
    for event in session.messages(session.call("GET", "/events", query)):
        call.say(show(event))
        call.console.flush()
    return 0


def moment(text: str) -> str | None:
    """A moment for the API; None when none is given."""
    return query_value(text, time.time()) if text else None


def printer(text: str) -> Callable[[Event], str]:
    """How to print one event."""
    if not text:
        return plain
    if text == "json":
        return jsontext.encode
    from gorae.cli.document import typed
    from gorae.cli.template.value import TemplateFault

    template = parse_or_leave(text, complaint="Error parsing format: ")

    def show(event: Event) -> str:
        try:
            return template.execute(typed(event, "events.Message"))
        except TemplateFault as error:
            raise InvalidArgument(str(error)) from None

    return show


def plain(event: Event) -> str:
    """`time type action id (attributes)`."""
    nanoseconds = event.get("timeNano") or event["time"] * 10**9
    local = time.localtime(nanoseconds // 10**9)
    minutes = local.tm_gmtoff // 60
    zone = (
        "Z"
        if not minutes
        else f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    )
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", local) + f".{nanoseconds % 10**9:09d}{zone}"
    actor = event.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    text = f"{stamp} {event['Type']} {event['Action']} {actor.get('ID', '')}"
    if attributes:
        text += " (" + ", ".join(f"{name}={attributes[name]}" for name in sorted(attributes)) + ")"
    return text


COMMAND = Command(
    "system events",
    "[OPTIONS]",
    "follow what happens in the engine",
    run,
    (
        filters.option(),
        Option("format", "string", "print each by a Go template ('json', 'TEMPLATE')"),
        Option("since", "string", "show events since a time or a span ago"),
        Option("until", "string", "leave at a time"),
    ),
)
