"""`version`: the client's and the engine's."""

from __future__ import annotations

import os
import sys

from gorae.cli.inspect import parse_or_leave
from gorae.cli.options import PROGRAM, Command, Option
from gorae.cli.version import VERSION
from gorae.client import jsontext
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.cli.template.evaluator import Template


_GO_NAMES = {"ApiVersion": "APIVersion"}


def run(call: Invocation) -> int:
    """Print both; without an engine the client's alone, and the reason."""
    template = call.options.text("format")
    parsed = parse_or_leave(template, name="version") if template not in ("", "json") else None
    server: dict[str, Any] | None = None
    failure: GoraeError | None = None
    try:
        server = call.session.get("/version")
    except GoraeError as error:
        failure = error
    client = client_version(call.session.version)
    if template == "json":
        call.say(jsontext.encode({"Client": client, "Server": server}))
    elif parsed is not None:
        call.say(_templated(call, parsed, client, server))
    else:
        call.console.out.write(as_text(client, server))
    if failure:
        raise failure
    return 0


def client_version(api_version: str) -> dict[str, Any]:
    """The client's facts, under docker's names."""
    machine = os.uname().machine
    return {
        "Platform": {"Name": "gorae"},
        "Version": VERSION,
        "ApiVersion": api_version,
        "DefaultAPIVersion": api_version,
        "GitCommit": "",
        "GoVersion": f"python{sys.version.split()[0]}",
        "Os": sys.platform,
        "Arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine),
        "BuildTime": "",
        "Context": "default",
    }


def _templated(
    call: Invocation, template: Template, client: dict[str, Any], server: dict[str, Any] | None
) -> str:
    from gorae.cli.document import typed
    from gorae.cli.template.value import Struct, TemplateFault, constant

    client_struct = Struct(
        "system.clientVersion",
        {_GO_NAMES.get(name, name): constant(value) for name, value in client.items()},
    )
    both = Struct(
        "system.versionInfo",
        {"Client": lambda: client_struct, "Server": lambda: typed(server, "*types.Version")},
    )
    try:
        return template.execute(both)
    except TemplateFault as error:
        call.say("")
        raise InvalidArgument(str(error)) from None


def as_text(client: dict[str, Any], server: dict[str, Any] | None) -> str:
    """Two blocks of `name: value` lines."""
    lines = [f"Client: {PROGRAM}"]
    rows = [
        ("Version", client["Version"]),
        ("API version", client["ApiVersion"]),
        ("Python version", client["GoVersion"].removeprefix("python")),
        ("OS/Arch", f"{client['Os']}/{client['Arch']}"),
        ("Context", client["Context"]),
    ]
    lines += [f" {name + ':':<19}{value}" for name, value in rows]
    if server:
        platform = (server.get("Platform") or {}).get("Name", "")
        lines += ["", f"Server: {platform}".rstrip()]
        for component in server.get("Components") or (
            {"Name": "Engine", "Version": server["Version"], "Details": server},
        ):
            lines += _component(component)
    return "\n".join(lines) + "\n"


def _component(component: dict[str, Any]) -> list[str]:
    details = component.get("Details") or {}
    rows = [("Version", component["Version"])]
    if details.get("ApiVersion"):
        least = details.get("MinAPIVersion")
        rows.append(
            (
                "API version",
                details["ApiVersion"] + (f" (minimum version {least})" if least else ""),
            )
        )
        rows.append(("Go version", details.get("GoVersion", "")))
    rows.append(
        ("Git commit" if details.get("ApiVersion") else "GitCommit", details.get("GitCommit", ""))
    )
    if details.get("ApiVersion"):
        rows.append(("Built", details.get("BuildTime", "")))
        rows.append(("OS/Arch", f"{details.get('Os', '')}/{details.get('Arch', '')}"))
        rows.append(("Experimental", str(details.get("Experimental", "false"))))
    rows = [(name, value) for name, value in rows if value or name in ("GitCommit", "Built")]
    return [f" {component['Name']}:", *(f"  {name + ':':<18}{value}" for name, value in rows)]


COMMAND = Command(
    "version",
    "[OPTIONS]",
    "show the versions of client and engine",
    run,
    (Option("f format", "string", "print by a Go template ('json', 'TEMPLATE')"),),
)
