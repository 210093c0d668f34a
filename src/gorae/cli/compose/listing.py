"""What is there: `compose ps`, `ls`, `port`, `top`, `stats`, `volumes`, `version`."""

from __future__ import annotations

from gorae.cli import tabwriter
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.client import jsontext
from gorae.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.compose.main import Inner

WIDE = 20
"""The least width of a column in `ls` and `images`."""
_STATES = ("paused", "restarting", "removing", "running", "dead", "created", "exited")


def run_ps(call: Inner) -> int:
    """Containers of the project: those that run, with `-a` all."""
    from gorae.compose import labels, state

    options = call.options
    call.compose.check(call.arguments)
    query = {"all": True, "filters": state.filters(f"{labels.PROJECT}={call.compose.name}")}
    rows = [
        one
        for one in call.session.get("/containers/json", query)
        if one["Labels"].get(labels.ONEOFF, "").lower() != "true" or options.flag("all")
    ]
    wanted = [
        *options.items("status"),
        *(t.partition("=")[2] for t in options.items("filter") if t.startswith("status=")),
    ]
    rows = [one for one in rows if _is_wanted(one, wanted, everything=options.flag("all"))]
    if call.arguments:
        rows = [one for one in rows if one["Labels"].get(labels.SERVICE) in call.arguments]
    rows.sort(key=lambda one: one["Names"][0])
    if options.flag("services"):
        for name in dict.fromkeys(one["Labels"].get(labels.SERVICE, "") for one in rows):
            call.say(name)
        return 0
    if options.flag("quiet"):
        for one in rows:
            call.say(one["Id"])
        return 0
    shown = ps_listing(options.flag("no-trunc"))
    call.console.out.write(shown.render(rows, options.text("format")))
    return 0


def ps_listing(whole: bool) -> Listing:
    """The columns of `docker ps` and what only compose knows."""
    from gorae.cli.container import ls
    from gorae.compose import labels, state

    def label(name: str) -> Callable[[dict[str, Any]], str]:
        return lambda one: one["Labels"].get(name, "")

    own: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
        "Name": ("NAME", lambda one: one["Names"][0][1:]),
        "Names": ("NAMES", lambda one: one["Names"][0][1:]),
        "Service": ("SERVICE", label(labels.SERVICE)),
        "Project": ("PROJECT", label(labels.PROJECT)),
        "ExitCode": ("EXIT CODE", lambda one: state.of_summary(one).exit_code),
        "Health": ("HEALTH", lambda one: state.of_summary(one).health),
        "Publishers": ("PUBLISHERS", _publishers),
    }
    docker = ls.listing(whole)
    return Listing(
        "*formatter.ContainerContext",
        {**docker.columns, **own},
        ("Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"),
        methods=docker.methods,
        unlisted=("Platform",),
    )


def _publishers(one: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"URL": p.get("IP", ""), "TargetPort": p["PrivatePort"], "PublishedPort": p.get("PublicPort", 0), "Protocol": p["Type"]}
        for p in one.get("Ports") or ()
    ]  # fmt: skip


def _is_wanted(one: dict[str, Any], states: list[str], *, everything: bool) -> bool:
    if states:
        return one["State"] in states
    return everything or one["State"] in ("running", "paused", "restarting")


def run_ls(call: Inner) -> int:
    """All projects of the engine."""
    from gorae.compose import labels, state

    options = call.options
    found = state.projects(call.session, everything=options.flag("all"))
    rows = []
    for name in sorted(found):
        counts: dict[str, int] = {}
        for one in found[name]:
            counts[one["State"]] = counts.get(one["State"], 0) + 1
        files = found[name][0]["Labels"].get(labels.CONFIG_FILES, "")
        status = ", ".join(f"{key}({counts[key]})" for key in sorted(counts))
        rows.append({"Name": name, "Status": status, "ConfigFiles": files})
    if options.flag("quiet"):
        for row in rows:
            call.say(row["Name"])
    elif options.text("format") == "json":
        call.say(jsontext.encode(rows))
    else:
        lines = ["NAME\tSTATUS\tCONFIG FILES", *("\t".join(row.values()) for row in rows)]
        call.console.out.write(tabwriter.align("\n".join(lines), WIDE) + "\n")
    return 0


def run_port(call: Inner) -> int:
    """`HOST:PORT` of a published port."""
    service, port = call.arguments
    found = call.compose.container(service, call.options.number("index"))
    key = f"{port}/{call.options.text('protocol')}"
    document = call.session.get(f"/containers/{found.id}/json")
    bindings = (document["NetworkSettings"]["Ports"] or {}).get(key)
    if not bindings:
        known = ", ".join(
            f"{binding['HostPort']}/{name.partition('/')[2]}"
            for name, several in sorted((document["NetworkSettings"]["Ports"] or {}).items())
            for binding in several or ()
        )
        raise NotFound(
            f"no port {key} for container {found.name}" + (f": {known}" if known else "")
        )
    call.say(f"{bindings[0]['HostIp'] or '0.0.0.0'}:{bindings[0]['HostPort']}")
    return 0


def run_top(call: Inner) -> int:
    """Processes, each with its service and the container's number."""
    titles: list[str] = []
    rows = []
    for one in call.compose.containers(call.arguments, everything=False):
        answer = call.session.get(f"/containers/{one.id}/top")
        titles = titles or answer["Titles"]
        rows += [(one.service, str(one.number), *row) for row in answer["Processes"] or ()]
    lines = [("SERVICE", "#", *titles), *rows] if rows else []
    text = "\n".join("\t".join(line) for line in lines)
    call.console.out.write(tabwriter.align(text, 4, 2) + "\n" if text else "")
    return 0


def run_stats(call: Inner) -> int:
    """`stats` of the project's containers."""
    from gorae.cli import commands
    from gorae.cli.invocation import Invocation
    from gorae.cli.options import parse

    found = call.compose.containers(call.arguments, everything=False)
    command = commands.find("container", "stats")
    assert command is not None
    words = [f"--{name}" for name in ("no-stream", "no-trunc", "all") if call.options.flag(name)]
    if call.options.text("format"):
        words += ["--format", call.options.text("format")]
    options, arguments = parse(command, [*words, *(one.name for one in found)], "gorae stats")
    return command.run(Invocation("gorae stats", options, arguments, call.console, call.globals))


def run_volumes(call: Inner) -> int:
    """The project's volumes."""
    from gorae.compose import state

    found = state.volumes(call.session, call.compose.name)
    if call.options.flag("quiet"):
        for one in found:
            call.say(one["Name"])
        return 0
    lines = ["DRIVER\tVOLUME NAME", *(f"{one['Driver']}\t{one['Name']}" for one in found)]
    call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")
    return 0


def run_version(call: Inner) -> int:
    """Ours."""
    from gorae.cli.version import VERSION

    short = call.options.flag("short")
    if call.options.text("format") == "json":
        call.say(jsontext.encode({"version": VERSION}))
    else:
        call.say(VERSION if short else f"gorae compose version {VERSION}")
    return 0


_FORMAT = Option("format", "string", "table or json", default="table")
_QUIET = Option("q quiet", "bool", "show names or ids only")
COMMANDS = {
    "ps": Command(
        "compose ps", "[OPTIONS] [SERVICE...]", "list containers", run_ps,
        (
            Option("a all", "bool", "stopped ones too"),
            Option("filter", "list", "show only what fits (status=...)"),
            format_option(),
            Option("no-trunc", "bool", "cut nothing"),
            Option("orphans", "bool", "accepted for docker's sake", default=True, hidden=True),
            _QUIET,
            Option("services", "bool", "show the services' names"),
            Option("status", "list", "show only containers of this state", choices=_STATES),
        ),
        arguments=(0, None),
    ),
    "ls": Command(
        "compose ls", "[OPTIONS]", "list projects", run_ls,
        (Option("a all", "bool", "stopped ones too"), _FORMAT, _QUIET),
    ),
    "port": Command(
        "compose port", "[OPTIONS] SERVICE PORT", "print where a port is published", run_port,
        (
            Option("index", "int", "one container of a service"),
            Option("protocol", "string", "tcp or udp", default="tcp"),
        ),
        arguments=(2, 2),
    ),
    "top": Command("compose top", "[SERVICE...]", "list the processes of containers", run_top, arguments=(0, None)),
    "stats": Command(
        "compose stats", "[OPTIONS] [SERVICE...]", "show the resources that containers use", run_stats,
        (
            Option("a all", "bool", "stopped ones too"),
            format_option(),
            Option("no-stream", "bool", "once"),
            Option("no-trunc", "bool", "cut nothing"),
        ),
        arguments=(0, None),
    ),
    "volumes": Command("compose volumes", "[OPTIONS]", "list volumes", run_volumes, (_QUIET,), arguments=(0, None)),
    "version": Command(
        "compose version", "[OPTIONS]", "show the version", run_version,
        (Option("f format", "string", "pretty or json", default="pretty"), Option("short", "bool", "the number only")),
    ),
}  # fmt: skip
