"""`exec`: a further process in a running container."""

from __future__ import annotations

from gorae.cli import terminal
from gorae.cli.container import attached, environment
from gorae.cli.options import Command, Option
from gorae.cli.stream import Attachment
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Run the command; its exit status is ours unless detached."""
    options = call.options
    document = exec_document(call)
    if not options.flag("detach"):
        terminal.check_input(
            call.console, attach_stdin=document["AttachStdin"], tty=document["Tty"]
        )
    created = call.session.post(f"/containers/{quote(call.arguments[0])}/exec", None, document)
    identifier = created["Id"]
    start = {"Detach": options.flag("detach"), "Tty": document["Tty"]}
    if options.flag("detach"):
        call.session.post(f"/exec/{identifier}/start", None, start)
        return 0
    if document["Tty"]:
        start["ConsoleSize"] = list(terminal.size(call.console.out.descriptor))
    return _follow(call, identifier, start, stdin=document["AttachStdin"])


def exec_document(call: Invocation) -> dict[str, Any]:
    """The body of `POST /containers/{}/exec`."""
    options = call.options
    attaches = not options.flag("detach")
    return {
        "User": options.text("user"),
        "Privileged": options.flag("privileged"),
        "Tty": options.flag("tty"),
        "AttachStdin": attaches and options.flag("interactive"),
        "AttachStderr": attaches,
        "AttachStdout": attaches,
        "DetachKeys": options.text("detach-keys"),
        "Env": environment.variables(options.items("env-file"), options.items("env")),
        "WorkingDir": options.text("workdir"),
        "Cmd": call.arguments[1:],
        "KillOnDisconnect": options.flag("kill-on-disconnect"),
    }


def _follow(call: Invocation, identifier: str, start: dict[str, Any], *, stdin: bool) -> int:
    tty = start["Tty"]
    keys = attached.detach_keys(call)
    stream = call.session.hijack(f"/exec/{identifier}/start", None, start)
    attachment = Attachment(stream, call.console, stdin=stdin, tty=tty, keys=keys)
    try:
        if tty:
            proxy = attached.Proxy(
                call, "", forward=False, tty=tty, path=f"/exec/{identifier}/resize"
            )
            proxy.resize()
            attachment.run(signals=proxy.reader, on_signal=proxy.on_signal)
        else:
            attachment.run()
    finally:
        attachment.restore()
    if attachment.detached:
        call.console.complain("read escape sequence")
        return 1
    return int(call.session.get(f"/exec/{identifier}/json")["ExitCode"] or 0)


COMMAND = Command(
    "container exec",
    "[OPTIONS] CONTAINER COMMAND [ARG...]",
    "run a further command in a running container",
    run,
    (
        Option("d detach", "bool", "run in the background"),
        Option("detach-keys", "string", "keys that detach"),
        environment.VARIABLE,
        Option("env-file", "list", "read variables from a file"),
        Option("i interactive", "bool", "keep stdin open even if not attached"),
        Option(
            "kill-on-disconnect",
            "bool",
            "end it, with all that it started, when this client goes away",
        ),
        Option("privileged", "bool", "give all capabilities"),
        Option("t tty", "bool", "give it a terminal"),
        Option("u user", "string", "user (name or id[:group or id])"),
        Option("w workdir", "string", "working directory"),
    ),
    arguments=(2, None),
    interspersed=False,
)
