"""`compose start`, `stop`, `restart`, `kill`, `pause`, `unpause`, `wait`: services in the order of their dependencies."""

from __future__ import annotations

from gorae.cli.compose import context
from gorae.cli.options import Command, Option
from gorae.errors import Conflict, GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gorae.cli.compose.main import Inner
    from gorae.compose.plan import Found


def run(call: Inner) -> int:
    """One of the commands, by the last word of the title."""
    word = call.title.rpartition(" ")[2]
    found = call.compose.containers(call.arguments)
    if not found and word in ("start", "restart", "pause", "kill", "wait"):
        services = call.arguments or [call.compose.name]
        raise NotFound(f'service "{services[0]}" has no container to {word}')
    return _RUNNERS[word](call, found)


def _start(call: Inner, found: Sequence[Found]) -> int:
    applier = call.compose.applier()
    project = call.compose.project
    from gorae.compose import apply
    from gorae.compose import project as projects

    for wave in projects.in_order(project.services):
        for one in found:
            if one.service not in wave or one.state == "running":
                continue
            for other, need in (project.services[one.service].get("depends_on") or {}).items():
                if need["condition"] != "service_started" and other in project.services:
                    applier.await_condition(
                        other, need["condition"], required=need.get("required", True)
                    )
            call.compose.tell(f"Container {one.name}", "Starting")
            apply.start_container(call.session, one.id)
            call.compose.tell(f"Container {one.name}", "Started")
    return 0


def stop(call: Inner, found: Sequence[Found], timeout_s: int | None) -> None:
    """Stop containers, the dependents first."""
    from gorae.compose import apply

    for one in _backwards(call, found):
        if one.state not in ("running", "restarting", "paused"):
            continue
        call.compose.tell(f"Container {one.name}", "Stopping")
        apply.stop_container(call.session, one.id, timeout_s)
        call.compose.tell(f"Container {one.name}", "Stopped")


def _backwards(call: Inner, found: Sequence[Found]) -> list[Found]:
    project = call.compose.project_or_none()
    if project is None:
        return list(found)
    from gorae.compose import project as projects

    order = {
        name: depth
        for depth, wave in enumerate(projects.in_order(project.services))
        for name in wave
    }
    return sorted(found, key=lambda one: -order.get(one.service, 0))


def _stop(call: Inner, found: Sequence[Found]) -> int:
    stop(call, found, context.timeout(call.options))
    return 0


def _restart(call: Inner, found: Sequence[Found]) -> int:
    query = {"t": context.timeout(call.options)}
    for one in found:
        call.compose.tell(f"Container {one.name}", "Restarting")
        call.session.post(f"/containers/{one.id}/restart", query)
        call.compose.tell(f"Container {one.name}", "Started")
    return 0


def _kill(call: Inner, found: Sequence[Found]) -> int:
    return _each(call, found, "kill", "Killed", {"signal": call.options.text("signal")})


def _pause(call: Inner, found: Sequence[Found]) -> int:
    return _each(call, found, "pause", "Paused", {})


def _unpause(call: Inner, found: Sequence[Found]) -> int:
    return _each(call, [one for one in found if one.state == "paused"], "unpause", "Unpaused", {})


def _each(call: Inner, found: Sequence[Found], act: str, done: str, query: dict[str, str]) -> int:
    failed = 0
    for one in found:
        if act == "kill" and one.state not in ("running", "paused", "restarting"):
            continue
        try:
            call.session.post(f"/containers/{one.id}/{act}", query)
        except GoraeError as error:
            call.console.complain(str(error))
            failed = 1
        else:
            call.compose.tell(f"Container {one.name}", done)
    return failed


def _wait(call: Inner, found: Sequence[Found]) -> int:
    """Print each status; ours is the last one's."""
    status = 0
    for one in found:
        answer = call.session.post(f"/containers/{one.id}/wait")
        status = int(answer["StatusCode"])
        call.say(f'container "{one.name}" exited with status code {status}')
    if call.options.flag("down-project"):
        call.compose.applier().down(volumes=False, rmi="", remove_orphans=False, timeout_s=None)
    if not found:
        raise Conflict("no containers to wait for")
    return status


_RUNNERS: dict[str, Callable[[Inner, Sequence[Found]], int]] = {
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "kill": _kill,
    "pause": _pause,
    "unpause": _unpause,
    "wait": _wait,
}
_TIMEOUT = Option("t timeout", "int", "seconds to wait before a container is killed")
_OPTIONS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "start": ("start services", ()),
    "stop": ("stop services", (_TIMEOUT,)),
    "restart": (
        "stop and start containers",
        (_TIMEOUT, Option("no-deps", "bool", "leave dependents alone")),
    ),
    "kill": (
        "send a signal to containers",
        (Option("s signal", "string", "the signal", default="SIGKILL"),),
    ),
    "pause": ("freeze services", ()),
    "unpause": ("let paused services go on", ()),
    "wait": (
        "wait until containers stop",
        (Option("down-project", "bool", "take the project down after"),),
    ),
}
COMMANDS = {
    word: Command(
        f"compose {word}", "[OPTIONS] [SERVICE...]", summary, run, options, arguments=(0, None)
    )
    for word, (summary, options) in _OPTIONS.items()
}
