"""`network connect` and `disconnect`."""

from __future__ import annotations

from gorae.cli.container.environment import to_map
from gorae.cli.container.network import read_link
from gorae.cli.options import Command, Option
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def connect(call: Invocation) -> int:
    """Give a container an endpoint in the network."""
    options = call.options
    network, container = call.arguments
    endpoint: dict[str, Any] = {
        "IPAMConfig": {
            "IPv4Address": options.text("ip"),
            "IPv6Address": options.text("ip6"),
            "LinkLocalIPs": options.items("link-local-ip"),
        },
        "Links": options.items("link"),
        "Aliases": options.items("alias"),
        "DriverOpts": to_map(options.items("driver-opt")),
        "GwPriority": options.number("gw-priority"),
    }
    document = {"Container": container, "EndpointConfig": endpoint}
    call.session.post(f"/networks/{quote(network)}/connect", None, document)
    return 0


def disconnect(call: Invocation) -> int:
    """Take the endpoint away."""
    network, container = call.arguments
    document = {"Container": container, "Force": call.options.flag("force")}
    call.session.post(f"/networks/{quote(network)}/disconnect", None, document)
    return 0


COMMANDS = {
    "connect": Command(
        "network connect",
        "[OPTIONS] NETWORK CONTAINER",
        "connect a container to a network",
        connect,
        (
            Option("alias", "strings", "further name in the network"),
            Option("driver-opt", "strings", "driver's option (name=value)"),
            Option("gw-priority", "int", "the highest gives the default gateway"),
            Option("ip", "string", "IPv4 address"),
            Option("ip6", "string", "IPv6 address"),
            Option("link", "list", "link to another container (name[:alias])", read=read_link),
            Option("link-local-ip", "strings", "link-local address"),
        ),
        arguments=(2, 2),
    ),
    "disconnect": Command(
        "network disconnect",
        "[OPTIONS] NETWORK CONTAINER",
        "disconnect a container from a network",
        disconnect,
        (Option("f force", "bool", "do it though the container is gone"),),
        arguments=(2, 2),
    ),
}
