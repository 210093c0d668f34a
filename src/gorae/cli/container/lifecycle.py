"""`stop`, `restart`, `kill`, `pause`, `unpause`, `rename`, `wait`: one call for each name."""

from __future__ import annotations

from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gorae.cli.invocation import Invocation

EXEC = Option("exec", "bool", "the names are ids of execs: signal each and all that it started")
SIGNAL = Option("s signal", "string", "signal to send")
TIMEOUT = Option("t timeout", "int", "seconds to wait before it is killed, -1 for ever")
TIME = Option(
    "time", "int", "older name of --timeout", hidden=True, into="timeout", instead="--timeout"
)


def path(name: str, action: str) -> str:
    """The path of one action on a container."""
    return f"/containers/{quote(name)}/{action}"


def stop(call: Invocation, action: str = "stop") -> int:
    """Stop containers, or restart them."""
    options = call.options
    query = {
        "t": options.number("timeout") if options.changed("timeout") else None,
        "signal": options.text("signal") or None,
    }
    return call.for_each(call.arguments, lambda name: call.session.post(path(name, action), query))


def restart(call: Invocation) -> int:
    """Stop containers and start them again."""
    return stop(call, "restart")


def kill(call: Invocation) -> int:
    """Send a signal."""
    query = {"signal": call.options.text("signal") or None}
    if call.options.flag("exec"):
        return call.for_each(
            call.arguments, lambda name: call.session.post(f"/exec/{quote(name)}/kill", query)
        )
    return call.for_each(call.arguments, lambda name: call.session.post(path(name, "kill"), query))


def simple(action: str) -> Callable[[Invocation], int]:
    """An action without options."""

    def run(call: Invocation) -> int:
        return call.for_each(call.arguments, lambda name: call.session.post(path(name, action)))

    return run


def rename(call: Invocation) -> int:
    """Give a container another name."""
    old, new = (argument.strip() for argument in call.arguments)
    if not old or not new:
        raise InvalidArgument("Error: Neither old nor new names may be empty")
    try:
        call.session.post(path(old, "rename"), {"name": new})
    except GoraeError as error:
        call.console.complain(str(error))
        raise InvalidArgument(f"Error: failed to rename container named {old}") from None
    return 0


def wait(call: Invocation) -> int:
    """Print the exit code of each container as it stops."""
    failed = 0
    for name in call.arguments:
        try:
            answer = call.session.post(path(name, "wait"))
        except GoraeError as error:
            call.console.complain(str(error))
            failed = 1
        else:
            call.say(str(answer["StatusCode"]))
            call.console.flush()
    return failed


_SOME = "[OPTIONS] CONTAINER [CONTAINER...]"
_MANY = (1, None)
COMMANDS = {
    "stop": Command(
        "container stop",
        _SOME,
        "stop running containers",
        stop,
        (SIGNAL, TIMEOUT, TIME),
        arguments=_MANY,
    ),
    "restart": Command(
        "container restart",
        _SOME,
        "stop and start containers",
        restart,
        (SIGNAL, TIMEOUT, TIME),
        arguments=_MANY,
    ),
    "kill": Command(
        "container kill",
        _SOME,
        "send a signal to running containers",
        kill,
        (SIGNAL, EXEC),
        arguments=_MANY,
    ),
    "pause": Command(
        "container pause",
        "CONTAINER [CONTAINER...]",
        "freeze all processes of containers",
        simple("pause"),
        arguments=_MANY,
    ),
    "unpause": Command(
        "container unpause",
        "CONTAINER [CONTAINER...]",
        "let paused containers go on",
        simple("unpause"),
        arguments=_MANY,
    ),
    "rename": Command(
        "container rename",
        "CONTAINER NEW_NAME",
        "give a container another name",
        rename,
        arguments=(2, 2),
    ),
    "wait": Command(
        "container wait",
        "CONTAINER [CONTAINER...]",
        "wait until containers stop, print their exit codes",
        wait,
        arguments=_MANY,
    ),
}
