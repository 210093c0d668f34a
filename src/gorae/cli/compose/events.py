"""`compose events`: what happens to the project's containers."""

from __future__ import annotations

from gorae.cli import timestamp
from gorae.cli.options import Command, Option
from gorae.client import jsontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.compose.main import Inner

_INNER = "com.docker.compose."


def run(call: Inner) -> int:
    """Follow until ctrl-C."""
    from gorae.compose import labels

    wanted = {"type": ["container"], "label": [f"{labels.PROJECT}={call.compose.name}"]}
    query = {
        "filters": jsontext.encode(wanted),
        "since": call.options.text("since") or None,
        "until": call.options.text("until") or None,
    }
    response = call.session.call("GET", "/events", query)
    for event in call.session.messages(response):
        attributes = event["Actor"]["Attributes"]
        service = attributes.get(labels.SERVICE, "")
        if call.arguments and service not in call.arguments:
            continue
        call.say(_line(event, service, as_json=call.options.flag("json")))
        call.console.out.flush()
    return 0


def _line(event: dict[str, Any], service: str, *, as_json: bool) -> str:
    nanoseconds = event["timeNano"]
    shown = {k: v for k, v in event["Actor"]["Attributes"].items() if not k.startswith(_INNER)}
    moment = timestamp.rfc3339_local(nanoseconds // 10**9)
    if as_json:
        found = {
            "time": moment, "type": "container", "action": event["Action"], "id": event["Actor"]["ID"],
            "service": service, "attributes": shown,
        }  # fmt: skip
        return jsontext.encode(found)
    text = ", ".join(f"{key}={value}" for key, value in sorted(shown.items()))
    when = moment.replace("T", " ")[:19] + f".{nanoseconds % 10**9 // 1000:06d}"
    return f"{when} container {event['Action']} {event['Actor']['ID']} ({text})"


COMMAND = Command(
    "compose events",
    "[OPTIONS] [SERVICE...]",
    "follow what happens to containers",
    run,
    (
        Option("json", "bool", "a JSON object each"),
        Option("since", "string", "from this time on"),
        Option("until", "string", "up to this time"),
    ),
    arguments=(0, None),
)
