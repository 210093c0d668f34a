"""`start`: start stopped containers; with `-a` or `-i` attached to one."""

from __future__ import annotations

from gorae.cli.container import attached
from gorae.cli.container.lifecycle import path
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Start each container."""
    if call.options.text("checkpoint") or call.options.text("checkpoint-dir"):
        raise InvalidArgument("checkpoints are not offered by this engine")
    if call.options.flag("attach") or call.options.flag("interactive"):
        if len(call.arguments) > 1:
            raise InvalidArgument("you cannot start and attach multiple containers at once")
        return _attached(call, call.arguments[0])
    failed = []
    for name in call.arguments:
        try:
            call.session.post(path(name, "start"))
        except GoraeError as error:
            call.console.complain(str(error))
            failed.append(name)
        else:
            call.say(name)
    if failed:
        raise InvalidArgument(f"Error: failed to start containers: {', '.join(failed)}")
    return 0


def _attached(call: Invocation, name: str) -> int:
    document = call.session.get(f"/containers/{quote(name)}/json")
    container, config = document["Id"], document["Config"]
    tty = config["Tty"]
    stdin = call.options.flag("interactive") and config["OpenStdin"]
    proxy = attached.Proxy(
        call, container, forward=call.options.flag("sig-proxy") and not tty, tty=tty
    )
    attachment = attached.open_stream(
        call, container, stdin=stdin, stdout=True, stderr=True, tty=tty
    )
    removes = document["HostConfig"]["AutoRemove"]
    waiting = attached.ExitWait(call.session, container, "removed" if removes else "next-exit")
    try:
        call.session.post(path(container, "start"))
    except GoraeError:
        attachment.restore()
        raise
    if tty:
        proxy.resize()
    return attached.follow(attachment, waiting, proxy, output=True) or 0


COMMAND = Command(
    "container start",
    "[OPTIONS] CONTAINER [CONTAINER...]",
    "start stopped containers",
    run,
    (
        Option("a attach", "bool", "attach to stdout and stderr, pass signals on"),
        Option("checkpoint", "string", "checkpoint to restore from", hidden=True),
        Option("checkpoint-dir", "string", "folder of checkpoints", hidden=True),
        Option("detach-keys", "string", "keys that detach"),
        Option("i interactive", "bool", "attach to stdin"),
        Option("sig-proxy", "bool", "pass signals on", default=True, hidden=True),
    ),
    arguments=(1, None),
)
