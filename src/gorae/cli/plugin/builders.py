"""The builders that buildx tells of: there is one, the engine itself."""

from __future__ import annotations

from gorae.cli import tabwriter
from gorae.cli.errors import FAILURE, UsageFault
from gorae.cli.options import Command, Option
from gorae.cli.version import VERSION
from gorae.errors import GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

BUILDX_VERSION = "0.29.1"
"""Whose options are understood: clients ask for a least version."""
NAME = "default"
ONE_BUILDER = (
    "there is one builder, gorae itself: it needs no other, and cannot be removed or stopped"
)


def check(name: str) -> None:
    """Raises: NotFound: a builder of that name is not there; empty is the one."""
    if name not in ("", NAME):
        raise NotFound(f'no builder "{name}" found')


class Node:
    """The engine as a node of the builder: whether it answers, its version and platform."""

    def __init__(self, call: Invocation) -> None:
        try:
            found = call.session.get("/version")
        except (GoraeError, OSError) as error:
            self.status, self.version, self.platform = "inactive", "", ""
            self.error = str(error)
        else:
            self.status, self.error = "running", ""
            self.version = f"gorae-{VERSION}"
            self.platform = f"{found.get('Os', '')}/{found.get('Arch', '')}"

    def document(self) -> dict[str, Any]:
        """As `ls --format json` has it."""
        node: dict[str, Any] = {"Endpoint": NAME, "Name": NAME, "Status": self.status}
        if self.status == "running":
            node |= {"Platforms": [self.platform], "Version": self.version}
        else:
            node["Err"] = self.error
        return {
            "Current": True,
            "Driver": "docker",
            "Dynamic": False,
            "Name": NAME,
            "Nodes": [node],
        }


def run_ls(call: Invocation) -> int:
    """The builder and its node."""
    node = Node(call)
    if call.options.text("format") == "json":
        from gorae.client import jsontext

        call.say(jsontext.encode(node.document()))
        return 0
    rows = [
        "NAME/NODE\tDRIVER/ENDPOINT\tSTATUS\tBUILDKIT\tPLATFORMS",
        f"{NAME}*\tdocker\t\t\t",
        f" \\_ {NAME}\t \\_ {NAME}\t{node.status}\t{node.version}\t{node.platform}",
    ]
    call.console.out.write(tabwriter.align("\n".join(rows)) + "\n")
    if node.error:
        call.console.complain(f"Cannot load builder {NAME}: {node.error}")
    return 0


def run_inspect(call: Invocation) -> int:
    """Facts about the builder."""
    check(call.arguments[0] if call.arguments else call.options.text("builder"))
    node = Node(call)
    rows = [("Name", NAME), ("Driver", "docker")]
    call.say("\n".join(f"{name + ':':<8}{text}" for name, text in rows))
    shown = [("Name", NAME), ("Endpoint", NAME)]
    if node.error:
        shown.append(("Error", node.error))
    else:
        shown += [("Status", node.status), ("BuildKit version", node.version)]
        shown.append(("Platforms", node.platform))
    call.say("\nNodes:\n" + "\n".join(f"{name + ':':<18}{text}" for name, text in shown))
    return 1 if node.error else 0


def run_version(call: Invocation) -> int:
    """Which buildx this stands for, and gorae's own version."""
    call.say(f"gorae/buildx v{BUILDX_VERSION}+gorae-{VERSION} {VERSION}")
    return 0


def run_use(call: Invocation) -> int:
    """The one builder is used already."""
    name = call.arguments[0] if call.arguments else ""
    if name not in ("", NAME):
        raise NotFound(f'failed to find instance "{name}": {ONE_BUILDER}')
    return 0


def run_refused(_: Invocation) -> int:
    """Builders are not made, removed or stopped."""
    raise UsageFault(ONE_BUILDER, FAILURE)


BUILDER = Option("builder", "string", "the builder: there is one, `default`")
_DEBUG = Option("D debug", "bool", "accepted for docker's sake", hidden=True)


def _refused(word: str) -> Command:
    options = tuple(
        Option(name, "string", "accepted for docker's sake", hidden=True)
        for name in (
            "driver",
            "driver-opt",
            "name",
            "node",
            "platform",
            "buildkitd-flags",
            "config",
        )
    )
    flags = tuple(
        Option(name, "bool", "accepted for docker's sake", hidden=True)
        for name in ("append", "bootstrap", "leave", "use", "all-inactive", "f force", "keep-state", "keep-daemon")
    )  # fmt: skip
    table = (*options, *flags, BUILDER, _DEBUG)
    return Command(
        f"buildx {word}", "[OPTIONS]", ONE_BUILDER, run_refused, table, arguments=(0, None)
    )


COMMANDS = {
    "ls": Command(
        "buildx ls",
        "[OPTIONS]",
        "list builders",
        run_ls,
        (
            Option("format", "string", "table or json", default="table", choices=("table", "json")),
            Option("no-trunc", "bool", "accepted for docker's sake", hidden=True),
            BUILDER,
            _DEBUG,
        ),
    ),
    "inspect": Command(
        "buildx inspect",
        "[NAME]",
        "show facts about the builder",
        run_inspect,
        (Option("bootstrap", "bool", "accepted for docker's sake", hidden=True), BUILDER, _DEBUG),
        arguments=(0, 1),
    ),
    "version": Command("buildx version", "", "show the version", run_version, (BUILDER, _DEBUG)),
    "use": Command(
        "buildx use",
        "[OPTIONS] NAME",
        "choose the builder",
        run_use,
        (
            Option("default", "bool", "accepted for docker's sake", hidden=True),
            Option("global", "bool", "accepted for docker's sake", hidden=True),
            BUILDER,
            _DEBUG,
        ),
        arguments=(0, 1),
    ),
    **{word: _refused(word) for word in ("create", "rm", "stop")},
}
