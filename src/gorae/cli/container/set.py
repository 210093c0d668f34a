"""`set`: change what can be changed of a container now, and say what waits for its next start."""

from __future__ import annotations

import os.path

from gorae.cli.container import mount, publish
from gorae.cli.container import update as limits
from gorae.cli.container.environment import to_map
from gorae.cli.container.flags import CREATE_OPTIONS
from gorae.cli.container.limits import restart_policy
from gorae.cli.options import Command, Option
from gorae.cli.units import binary_size
from gorae.client.session import quote
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.cli.options import Values


def run(call: Invocation) -> int:
    """One part after the other; a failure leaves what was done before."""
    name = call.arguments[0]
    asked = [_edit, _networks, _limits]
    if not any(call.options.changed(option.name) for option in COMMAND.options):
        raise InvalidArgument(
            "nothing to change: give --publish, --label, --network, --mount or a limit"
        )
    for part in asked:
        part(call, name)
    return 0


def _say(call: Invocation, when: str, lines: list[str]) -> None:
    for line in lines:
        call.say(f"{when}: {line}")


def _edit(call: Invocation, name: str) -> None:
    options = call.options
    document: dict[str, Any] = {
        "Publish": publish.published(_plain(options.items("publish"))),
        "Unpublish": options.items("unpublish"),
        "Labels": to_map(options.items("label")),
        "Unlabel": options.items("label-rm"),
        "Binds": [_absolute(text) for text in _plain(options.items("volume"))],
        "Mounts": options.items("mount"),
        "Env": options.items("env-next"),
        "UnsetEnv": options.items("env-rm-next"),
        "Unmount": options.items("volume-rm-next"),
    }
    if not any(document.values()):
        return
    done = call.session.post(f"/gorae/containers/{quote(name)}/set", None, document)
    _say(call, "now", done["Now"])
    _say(call, "at the next start", done["NextStart"])


def _plain(texts: list[str]) -> list[str]:
    return [text.removeprefix("+") for text in texts]


def _absolute(text: str) -> str:
    """A relative source is of this client's folder."""
    source, found, rest = text.partition(":")
    if not found:
        raise InvalidArgument(f'invalid volume "{text}": use SOURCE:TARGET[:ro]')
    return f"{os.path.abspath(source)}:{rest}" if source.startswith((".", "/")) else text


def _networks(call: Invocation, name: str) -> None:
    for network in _plain(call.options.items("network")):
        body = {"Container": name}
        call.session.post(f"/networks/{quote(network)}/connect", None, body)
        _say(call, "now", [f"on network {network}"])
    for network in call.options.items("network-rm"):
        body = {"Container": name}
        call.session.post(f"/networks/{quote(network)}/disconnect", None, body)
        _say(call, "now", [f"off network {network}"])


def _limits(call: Invocation, name: str) -> None:
    options = call.options
    changed = [one for one in limits.NAMES if options.changed(one)]
    if not changed and not options.changed("restart"):
        return
    document = limits.document(options)
    document["RestartPolicy"] = restart_policy(options.text("restart"))
    answer = call.session.post(f"/containers/{quote(name)}/update", None, document) or {}
    for warning in answer.get("Warnings") or ():
        call.console.complain(f"WARNING: {warning}")
    _say(call, "now", [f"{one} {_shown(options, one)}" for one in changed])
    if options.changed("restart"):
        _say(call, "now", [f"restart {options.text('restart')}"])


def _shown(options: Values, name: str) -> str:
    if name in ("cpuset-cpus", "cpuset-mems"):
        return options.text(name)
    number = options.number(name)
    if name == "cpus":
        return f"{number / 1_000_000_000:g}"
    return binary_size(number) if "memory" in name and number > 0 else str(number)


COMMAND = Command(
    "container set",
    "[OPTIONS] CONTAINER",
    "change ports, labels, networks, mounts and limits of a container while it runs",
    run,
    (
        Option("env-next", "list", "set a variable from the next start on (NAME=value)"),
        Option("env-rm-next", "list", "remove a variable from the next start on"),
        Option("l label", "list", "set a label (NAME=value)"),
        Option("label-rm", "list", "remove a label"),
        Option("mount", "list", "add a bind mount", read=mount.read_mount),
        Option("network", "list", "connect to a network"),
        Option("network-rm", "list", "disconnect from a network"),
        Option("p publish", "list", "publish a port ([address:][host port:]port[/protocol])"),
        Option("unpublish", "list", "publish a port no longer (HOSTPORT, HOSTPORT:PORT or :PORT)"),
        Option("v volume", "list", "add a bind mount (SOURCE:TARGET[:ro])"),
        Option("volume-rm-next", "list", "take a bind mount away from the next start on (TARGET)"),
        *(option for option in CREATE_OPTIONS if option.name in limits.NAMES),
        Option("restart", "string", "restart policy"),
    ),
    arguments=(1, 1),
)
