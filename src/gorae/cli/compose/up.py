"""`compose up`, `create` and `scale`."""

from __future__ import annotations

from gorae.cli.compose import context, images
from gorae.cli.options import Command, Option
from gorae.errors import Conflict, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gorae.cli.compose.main import Inner
    from gorae.compose.plan import Found, Wish


def run(call: Inner) -> int:
    """Create and start; stay attached unless `-d`."""
    options = call.options
    if options.flag("detach") and (
        options.flag("abort-on-container-exit") or options.text("exit-code-from")
    ):
        raise InvalidArgument("--detach and --abort-on-container-exit are incompatible")
    wish = _wish(call, start=not options.flag("no-start"))
    _bring_up(call, wish)
    if options.flag("wait"):
        _await_all(call, wish)
        return 0
    if options.flag("detach") or options.flag("no-start") or call.compose.is_dry:
        return 0
    if options.flag("watch"):
        from gorae.cli.compose import watch

        watch.beside(call)
    return _attached(call, wish.services)


def run_create(call: Inner) -> int:
    """Create only."""
    _bring_up(call, _wish(call, start=False))
    return 0


def run_scale(call: Inner) -> int:
    """`scale SERVICE=N ...`."""
    from gorae.compose.plan import Wish

    numbers = context.scale(call.arguments)
    call.compose.enabled(list(numbers))
    _bring_up(
        call,
        Wish(
            services=list(numbers),
            scale=numbers,
            no_deps=call.options.flag("no-deps"),
            no_recreate=True,
        ),
    )
    return 0


def _wish(call: Inner, *, start: bool) -> Wish:
    from gorae.compose.plan import Wish

    options = call.options
    project = call.compose.enabled(call.arguments)
    if options.flag("force-recreate") and options.flag("no-recreate"):
        raise InvalidArgument("--force-recreate and --no-recreate are incompatible")
    asked = list(call.arguments) or list(project.services)
    numbers = context.scale(options.items("scale"))
    call.compose.check(list(numbers))
    return Wish(
        services=asked,
        scale=numbers,
        force_recreate=options.flag("force-recreate"),
        no_recreate=options.flag("no-recreate"),
        always_recreate_deps=options.changed("always-recreate-deps"),
        no_deps=options.changed("no-deps") and options.flag("no-deps"),
        remove_orphans=options.flag("remove-orphans"),
        start=start,
    )


def _bring_up(call: Inner, wish: Wish) -> None:
    from dataclasses import replace

    from gorae.compose import plan, state
    from gorae.compose import project as projects

    project = call.compose.project
    services = list(wish.services)
    if not wish.no_deps:
        services = projects.with_dependencies(project.services, services)
    if not call.compose.is_dry:
        images.ensure(call, services)
    ids = {name: state.image_id(call.session, images.name_of(project, name)) for name in services}
    wish = replace(wish, images=ids)
    there = state.containers(call.session, project.name)
    left = plan.orphans(project, there)
    if left and not wish.remove_orphans:
        names = ", ".join(one.name for one in left)
        call.console.complain(
            f"WARN: Found orphan containers ([{names}]) for this project. If you removed or renamed this service in "
            "your compose file, you can run this command with the --remove-orphans flag to clean it up."
        )
    if call.compose.is_dry:
        for wave in plan.up(project, there, wish):
            for action in wave:
                call.console.err.line(f" DRY-RUN  {action.describe()}")
        return
    applier = call.compose.applier()
    applier.prepare(services)
    applier.up(wish)


def _await_all(call: Inner, wish: Wish) -> None:
    """`--wait`: until every service runs, and is healthy where it has a check."""
    applier = call.compose.applier()
    timeout_s = call.options.number("wait-timeout")
    for one in call.compose.containers(list(wish.services)):
        found = call.session.get(f"/containers/{one.id}/json")
        if (found["State"].get("Health") or {}).get("Status", "none") != "none":
            applier.await_condition(one.service, "service_healthy", timeout_s=timeout_s)
        elif found["State"]["Status"] not in ("running", "restarting"):
            code = found["State"]["ExitCode"]
            raise Conflict(f"container {one.name} exited ({code})")


def _attached(call: Inner, services: Sequence[str]) -> int:
    """Logs of all, until they end or ctrl-C stops them."""
    from gorae.cli.compose.logs import Follower

    options = call.options
    chosen = options.items("attach") or list(services)
    silent = set(options.items("no-attach"))
    names = [one for one in chosen if one not in silent]
    found = call.compose.containers(services)
    follower = Follower(
        call,
        [one for one in found if one.service in names],
        prefix=not options.flag("no-log-prefix"),
    )
    leave_on_exit = options.flag("abort-on-container-exit") or bool(options.text("exit-code-from"))
    try:
        patience_s = float("inf") if options.flag("watch") else 1
        ended = follower.run(found, stop_at_first=leave_on_exit, patience_s=patience_s)
    except KeyboardInterrupt:
        call.console.err.line("Gracefully stopping... (press Ctrl+C again to force)")
        call.console.err.flush()
        _stop(call, services)
        return 130
    if not leave_on_exit:
        return 0
    _stop(call, services)
    wanted = options.text("exit-code-from")
    return _status(call, wanted, ended)


def _stop(call: Inner, services: Sequence[str]) -> None:
    from gorae.cli.compose import lifecycle

    lifecycle.stop(call, call.compose.containers(services), context.timeout(call.options))


def _status(call: Inner, wanted: str, ended: Found | None) -> int:
    for one in call.compose.containers([wanted] if wanted else []):
        if wanted or (ended is not None and one.id == ended.id):
            return int(call.session.get(f"/containers/{one.id}/json")["State"]["ExitCode"])
    return 0


_BUILD = (
    Option("build", "bool", "build images before"),
    Option("force-recreate", "bool", "make containers anew even if nothing changed"),
    Option("no-build", "bool", "do not build images"),
    Option("no-recreate", "bool", "keep containers that are there"),
    Option("pull", "string", "when to fetch images", default="policy", choices=("always", "missing", "never", "policy")),
    Option("quiet-pull", "bool", "fetch without progress"),
    Option("remove-orphans", "bool", "remove containers of services that are not in the file"),
    Option("scale", "list", "number of containers (SERVICE=N)"),
    Option("y yes", "bool", "accepted for docker's sake", hidden=True),
)  # fmt: skip
COMMANDS = {
    "up": Command(
        "compose up",
        "[OPTIONS] [SERVICE...]",
        "create and start containers",
        run,
        (
            *_BUILD,
            Option("abort-on-container-exit", "bool", "stop all when one ends"),
            Option("always-recreate-deps", "bool", "make dependencies anew too"),
            Option("attach", "list", "show the output of these services only"),
            Option("d detach", "bool", "run in the background"),
            Option("exit-code-from", "string", "our status is this service's"),
            Option("no-attach", "list", "do not show the output of these services"),
            Option("no-color", "bool", "accepted for docker's sake", hidden=True),
            Option("no-deps", "bool", "leave dependencies alone"),
            Option("no-log-prefix", "bool", "lines without the container's name"),
            Option("no-start", "bool", "create only"),
            Option("V renew-anon-volumes", "bool", "anonymous volumes are made anew"),
            Option("t timeout", "int", "seconds to wait before a container is killed"),
            Option("timestamps", "bool", "show the time of each line"),
            Option("wait", "bool", "wait until services run or are healthy"),
            Option("wait-timeout", "int", "seconds to wait at most"),
            Option("w watch", "bool", "follow source files as well"),
        ),
        arguments=(0, None),
    ),
    "create": Command(
        "compose create", "[OPTIONS] [SERVICE...]", "create containers without starting them", run_create, _BUILD,
        arguments=(0, None),
    ),
    "scale": Command(
        "compose scale", "[OPTIONS] SERVICE=NUMBER...", "change the number of containers", run_scale,
        (Option("no-deps", "bool", "leave dependencies alone"),), arguments=(1, None),
    ),
}  # fmt: skip
