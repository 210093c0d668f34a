"""`compose down` and `rm`."""

from __future__ import annotations

from gorae.cli.compose import context
from gorae.cli.console import read_line
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.compose.main import Inner


def run(call: Inner) -> int:
    """Stop and remove; with `-v` the volumes, with `--rmi` the images."""
    options = call.options
    rmi = options.text("rmi")
    if rmi not in ("", "all", "local"):
        raise InvalidArgument(f"invalid value for --rmi: {rmi!r}: it is all or local")
    project = call.compose.project_or_none()
    if project is None:
        return _by_name(call)
    call.compose.check(call.arguments)
    if call.compose.is_dry:
        for one in call.compose.containers(call.arguments):
            call.console.err.line(f" DRY-RUN  remove {one.name}")
        return 0
    some = call.compose.applier().down(
        volumes=options.flag("volumes"),
        rmi=rmi,
        remove_orphans=options.flag("remove-orphans"),
        timeout_s=context.timeout(options),
        services=call.arguments,
    )
    if not some:
        call.console.complain(f'Warning: No resource found to remove for project "{project.name}".')
    return 0


def _by_name(call: Inner) -> int:
    """A project of which only the name is known."""
    from gorae.compose.apply import Applier
    from gorae.compose.project import SECTIONS, Project

    name = call.compose.name
    project = Project(name, ".", [], {}, {section: {} for section in SECTIONS})
    Applier(project, call.new_session, call.compose.tell).down(
        volumes=call.options.flag("volumes"),
        rmi="",
        remove_orphans=True,
        timeout_s=context.timeout(call.options),
    )
    return 0


def run_rm(call: Inner) -> int:
    """Remove stopped containers of services."""
    options = call.options
    found = call.compose.containers(call.arguments)
    if options.flag("stop"):
        from gorae.cli.compose import lifecycle

        lifecycle.stop(call, [one for one in found if one.state == "running"], None)
        found = call.compose.containers(call.arguments)
    stopped = [one for one in found if one.state not in ("running", "paused", "restarting")]
    if not stopped:
        call.console.complain("No stopped containers")
        return 0
    if not options.flag("force"):
        names = ", ".join(one.name for one in stopped)
        question = f"Going to remove {names}\n? Are you sure? [y/N] "
        if not call.console.confirm(question, lambda: read_line(call.console.input_descriptor)):
            return 0
    applier = call.compose.applier()
    for one in stopped:
        applier.remove(call.session, one, None, volumes=options.flag("volumes"))
    return 0


COMMANDS = {
    "down": Command(
        "compose down", "[OPTIONS] [SERVICE...]", "stop and remove containers and networks", run,
        (
            Option("remove-orphans", "bool", "remove containers of services that are not in the file"),
            Option("rmi", "string", "remove images too", choices=("all", "local")),
            Option("t timeout", "int", "seconds to wait before a container is killed"),
            Option("v volumes", "bool", "remove the volumes too"),
        ),
        arguments=(0, None),
    ),
    "rm": Command(
        "compose rm", "[OPTIONS] [SERVICE...]", "remove stopped containers", run_rm,
        (
            Option("f force", "bool", "do not ask"),
            Option("s stop", "bool", "stop containers before"),
            Option("v volumes", "bool", "remove anonymous volumes too"),
        ),
        arguments=(0, None),
    ),
}  # fmt: skip
