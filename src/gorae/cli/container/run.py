"""`run`: make a container, attach, start, follow it to its end."""

from __future__ import annotations

from gorae.cli import terminal
from gorae.cli.container import attached
from gorae.cli.container.create import create, read_command_line, with_help
from gorae.cli.container.flags import RUN_OPTIONS
from gorae.cli.errors import Exit, start_failure_code
from gorae.cli.options import Command
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

RESIZE_TRIES = 10


def run(call: Invocation) -> int:
    """Run a container; the exit status is its own unless detached."""
    document = read_command_line(call, "run")
    if call.options.flag("detach"):
        if call.options.items("attach"):
            raise InvalidArgument("conflicting options: cannot specify both --attach and --detach")
        for name in ("AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"):
            document[name] = False
    else:
        terminal.check_input(
            call.console, attach_stdin=document["AttachStdin"], tty=document["Tty"]
        )
    try:
        container = create(call, document)
    except GoraeError as error:
        raise _failure(error) from None
    if not any(document[name] for name in ("AttachStdin", "AttachStdout", "AttachStderr")):
        return _start_detached(call, container)
    return _run_attached(call, container, document)


def _start_detached(call: Invocation, container: str) -> int:
    """The id is written last: a reader who has gone must not keep the container from starting."""
    try:
        call.session.post(f"/containers/{container}/start")
    except GoraeError as error:
        call.say(container)
        call.console.flush()
        raise _failure(error) from None
    call.say(container)
    return 0


def _run_attached(call: Invocation, container: str, document: dict[str, Any]) -> int:
    stdout, stderr, tty = document["AttachStdout"], document["AttachStderr"], document["Tty"]
    # Signals are caught before the container can be heard of: none may kill us and leave it behind.
    proxy = attached.Proxy(call, container, forward=call.options.flag("sig-proxy"), tty=tty)
    attachment = attached.open_stream(
        call, container, stdin=document["AttachStdin"], stdout=stdout, stderr=stderr, tty=tty
    )
    removes = call.options.flag("rm")
    waiting = attached.ExitWait(call.session, container, "removed" if removes else "next-exit")
    try:
        call.session.post(f"/containers/{container}/start")
    except GoraeError as error:
        attachment.restore()
        if removes:
            waiting.status()
        raise _failure(error) from None
    if tty:
        _first_resize(proxy)
    status = attached.follow(attachment, waiting, proxy, output=stdout or stderr)
    return status or 0


def _first_resize(proxy: attached.Proxy) -> None:
    """The process may not have its terminal yet: try again a few times."""
    for _ in range(RESIZE_TRIES):
        if proxy.resize():
            return


def _failure(error: GoraeError) -> Exit:
    message = str(error)
    return Exit(start_failure_code(message), with_help(error, "run"))


COMMAND = Command(
    "container run",
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    "make a container from an image and start it",
    run,
    RUN_OPTIONS,
    arguments=(1, None),
    interspersed=False,
)
