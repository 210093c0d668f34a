"""`port`: the published ports of a container."""

from __future__ import annotations

from gorae.cli import values
from gorae.cli.container.ports import join
from gorae.cli.options import Command
from gorae.client.session import quote
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """List all mappings, or those of one port; `port doctor CONTAINER` asks the host's rules."""
    if _asks_doctor(call.arguments):
        return _doctor(call, call.arguments[1])
    document = call.session.get(f"/containers/{quote(call.arguments[0])}/json")
    ports: dict[str, Any] = document["NetworkSettings"]["Ports"] or {}
    if len(call.arguments) > 1:
        return _one(call, ports, call.arguments[1])
    lines = [
        f"{port} -> {join(binding['HostIp'], binding['HostPort'])}"
        for port, bindings in ports.items()
        for binding in bindings or ()
    ]
    for line in sorted(lines, key=_natural):
        call.say(line)
    return 0


def _asks_doctor(arguments: list[str]) -> bool:
    """A container may be called `doctor`: then a port follows it."""
    return len(arguments) > 1 and arguments[0] == "doctor" and not arguments[1][:1].isdigit()


def _doctor(call: Invocation, name: str) -> int:
    found = call.session.get(f"/gorae/containers/{quote(name)}/ports")
    if not found["Ports"]:
        call.say(f"{name} publishes no port")
    for port in found["Ports"]:
        host = join(port["HostIp"], str(port["HostPort"]))
        kept = "yes" if port["KeepsClientAddress"] else "no"
        call.say(
            f"{host}/{port['Protocol']} -> {port['Target']}   {port['How']}, client's address kept: {kept}"
        )
        for seen in port["Seen"]:
            verdict = seen["Verdict"].upper() if seen["Verdict"] == "blocked" else seen["Verdict"]
            rule = f"   ({seen['Rule']})" if seen["Rule"] else ""
            call.say(f"    {seen['Interface']}: {verdict}{rule}")
    call.say(f"publish mode: {found['Mode']}")
    return 0


def _one(call: Invocation, ports: dict[str, Any], wanted: str) -> int:
    number, _, protocol = wanted.partition("/")
    try:
        values.unsigned(number, 16)
    except InvalidArgument as error:
        raise InvalidArgument(f"Error: invalid port ({number}): {error}") from None
    port = f"{number}/{protocol or 'tcp'}"
    bindings = ports.get(port)
    if not bindings:
        raise InvalidArgument(f"Error: No public port '{wanted}' published for {call.arguments[0]}")
    for line in sorted(join(binding["HostIp"], binding["HostPort"]) for binding in bindings):
        call.say(line)
    return 0


def _natural(line: str) -> list[tuple[int, int]]:
    """A sort key in which digits count by value, and stand where `0` stands."""
    key: list[tuple[int, int]] = []
    digits = ""
    for character in line + "\0":
        if character.isdigit():
            digits += character
            continue
        if digits:
            key.append((ord("0"), int(digits)))
            digits = ""
        key.append((ord(character), 0))
    return key


COMMAND = Command(
    "container port",
    "CONTAINER [PRIVATE_PORT[/PROTO]]",
    "list a container's published ports",
    run,
    arguments=(1, 2),
)
