"""What is there: `compose ps`, `ls`, `port`, `top`, `stats`, `volumes`, `version`."""

from __future__ import annotations

import time

from gorae.cli import tabwriter
from gorae.cli.container.ports import displayed
from gorae.cli.options import Command, Option
from gorae.cli.units import ellipsis, human_duration
from gorae.client import jsontext
from gorae.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.compose.main import Inner

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
    if options.text("format") == "json":
        for one in rows:
            call.say(jsontext.encode(_document(one)))
        return 0
    lines = ["NAME\tIMAGE\tCOMMAND\tSERVICE\tCREATED\tSTATUS\tPORTS"]
    for one in rows:
        command = ellipsis(f'"{one["Command"]}"', 22)
        created = f"{human_duration(time.time() - one['Created'])} ago"
        cells = (
            one["Names"][0][1:], one["Image"], command, one["Labels"].get(labels.SERVICE, ""), created, one["Status"],
            displayed(one.get("Ports") or ()),
        )  # fmt: skip
        lines.append("\t".join(cells))
    call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")
    return 0


def _is_wanted(one: dict[str, Any], states: list[str], *, everything: bool) -> bool:
    if states:
        return one["State"] in states
    return everything or one["State"] in ("running", "paused", "restarting")


def _document(one: dict[str, Any]) -> dict[str, Any]:
    from gorae.compose import labels, state

    found = state.of_summary(one)
    publishers = [
        {"URL": p.get("IP", ""), "TargetPort": p["PrivatePort"], "PublishedPort": p.get("PublicPort", 0), "Protocol": p["Type"]}
        for p in one.get("Ports") or ()
    ]  # fmt: skip
    return {
        "Command": f'"{one["Command"]}"', "CreatedAt": one["Created"], "ExitCode": found.exit_code, "Health": found.health,
        "ID": one["Id"], "Image": one["Image"], "Labels": ",".join(f"{k}={v}" for k, v in one["Labels"].items()),
        "Name": found.name, "Names": found.name, "Project": one["Labels"].get(labels.PROJECT, ""),
        "Publishers": publishers, "Service": found.service, "State": one["State"], "Status": one["Status"],
    }  # fmt: skip


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
        call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")
    return 0


def run_port(call: Inner) -> int:
    """`HOST:PORT` of a published port."""
    service, port = call.arguments
    found = call.compose.container(service, call.options.number("index"))
    key = f"{port}/{call.options.text('protocol')}"
    document = call.session.get(f"/containers/{found.id}/json")
    bindings = (document["NetworkSettings"]["Ports"] or {}).get(key)
    if not bindings:
        raise NotFound(f"no port {key} for container {found.name}")
    call.say(f"{bindings[0]['HostIp'] or '0.0.0.0'}:{bindings[0]['HostPort']}")
    return 0


def run_top(call: Inner) -> int:
    """Processes, container after container."""
    for one in call.compose.containers(call.arguments, everything=False):
        answer = call.session.get(f"/containers/{one.id}/top")
        call.say(one.name)
        lines = [
            "\t".join(answer["Titles"]),
            *("\t".join(row) for row in answer["Processes"] or ()),
        ]
        call.console.out.write(tabwriter.align("\n".join(lines)) + "\n\n")
    return 0


def run_stats(call: Inner) -> int:
    """`stats` of the project's containers."""
    from gorae.cli import commands
    from gorae.cli.invocation import Invocation
    from gorae.cli.options import parse

    found = call.compose.containers(call.arguments, everything=False)
    command = commands.find("container", "stats")
    assert command is not None
    words = ["--no-stream"] if call.options.flag("no-stream") else []
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
            _FORMAT,
            Option("no-trunc", "bool", "accepted for docker's sake", hidden=True),
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
        (Option("no-stream", "bool", "once"),), arguments=(0, None),
    ),
    "volumes": Command("compose volumes", "[OPTIONS]", "list volumes", run_volumes, (_QUIET,), arguments=(0, None)),
    "version": Command(
        "compose version", "[OPTIONS]", "show the version", run_version,
        (Option("f format", "string", "pretty or json", default="pretty"), Option("short", "bool", "the number only")),
    ),
}  # fmt: skip
