"""`attach`: connect to a running container."""

from __future__ import annotations

from gorae.cli import terminal
from gorae.cli.container import attached
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Attach until the container exits; its status is ours."""
    document = call.session.get(f"/containers/{quote(call.arguments[0])}/json")
    check_state(document["State"])
    container, config = document["Id"], document["Config"]
    stdin = config["OpenStdin"] and not call.options.flag("no-stdin")
    tty = config["Tty"]
    terminal.check_input(call.console, attach_stdin=stdin, tty=tty)
    proxy = attached.Proxy(
        call, container, forward=call.options.flag("sig-proxy") and not tty, tty=tty
    )
    waiting = attached.ExitWait(call.session, container, "")
    attachment = attached.open_stream(
        call, container, stdin=stdin, stdout=True, stderr=True, tty=tty
    )
    if tty:
        proxy.resize()
    status = attached.follow(attachment, waiting, proxy, output=True)
    if status is None:
        call.console.complain("read escape sequence")
        return 1
    return status


def check_state(state: dict[str, Any]) -> None:
    """Refuse a container that has no streams now."""
    if not state["Running"]:
        raise InvalidArgument("You cannot attach to a stopped container, start it first")
    if state["Paused"]:
        raise InvalidArgument("You cannot attach to a paused container, unpause it first")
    if state["Restarting"]:
        raise InvalidArgument(
            "You cannot attach to a restarting container, wait until it is running"
        )


COMMAND = Command(
    "container attach",
    "[OPTIONS] CONTAINER",
    "connect the terminal to a running container",
    run,
    (
        Option("detach-keys", "string", "keys that detach"),
        Option("no-stdin", "bool", "leave stdin alone"),
        Option("sig-proxy", "bool", "pass signals on to the process", default=True),
    ),
    arguments=(1, 1),
)
