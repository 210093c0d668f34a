"""`network create`."""

from __future__ import annotations

import _socket

from gorae.cli.container.environment import read_label, to_map
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.cli.options import Values


def run(call: Invocation) -> int:
    """Make it, print its id."""
    options = call.options
    document: dict[str, Any] = {
        "Name": call.arguments[0],
        "Driver": options.text("driver"),
        "Options": to_map(options.items("opt")),
        "Labels": to_map(options.items("label")),
        "IPAM": {
            "Driver": options.text("ipam-driver"),
            "Config": pools(options),
            "Options": to_map(options.items("ipam-opt")),
        },
        "Internal": options.flag("internal"),
        "Attachable": options.flag("attachable"),
        "Ingress": options.flag("ingress"),
        "Scope": options.text("scope"),
        "ConfigOnly": options.flag("config-only"),
    }
    for name, key in (("ipv4", "EnableIPv4"), ("ipv6", "EnableIPv6")):
        if options.changed(name):
            document[key] = options.flag(name)
    if options.text("config-from"):
        document["ConfigFrom"] = {"Network": options.text("config-from")}
    call.say(call.session.post("/networks/create", None, document)["Id"])
    return 0


def pools(options: Values) -> list[dict[str, Any]]:
    """The address pools: each range, gateway and reserved address goes to the subnet that holds it.

    Raises:
        InvalidArgument: overlapping subnets, or something outside all of them.
    """
    found: list[dict[str, Any]] = []
    spans: list[tuple[int, int, int]] = []
    for text in options.items("subnet"):
        try:
            span = _span(text)
        except InvalidArgument:
            span = (0, 0, -1)  # the engine says what is wrong with it
        if any(_contains(other, span) or _contains(span, other) for other in spans):
            raise InvalidArgument("multiple overlapping subnet configuration is not supported")
        spans.append(span)
        found.append({"Subnet": text})

    def place(text: str, key: str, what: str) -> dict[str, Any]:
        if not found:
            raise InvalidArgument("every ip-range or gateway must have a corresponding subnet")
        for span, pool in zip(spans, found, strict=True):
            if _contains(span, _span(text)):
                if key and key in pool:
                    raise InvalidArgument(
                        f"cannot configure multiple {what} ({text}, {pool[key]}) on the same subnet ({pool['Subnet']})"
                    )
                return pool
        raise InvalidArgument(f"no matching subnet for {what[:-1]} {text}")

    for text in options.items("ip-range"):
        place(text, "IPRange", "ranges")["IPRange"] = text
    for text in options.items("gateway"):
        place(text, "Gateway", "gateways")["Gateway"] = text
    for name, text in to_map(options.items("aux-address")).items():
        place(text, "", "aux-addresss").setdefault("AuxiliaryAddresses", {})[name] = text
    return found


def _span(text: str) -> tuple[int, int, int]:
    """Address family, first and last address as numbers."""
    address, slash, length = text.partition("/")
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    try:
        packed = _socket.inet_pton(family, address)
        bits = len(packed) * 8
        prefix = int(length) if slash else bits
        if not 0 <= prefix <= bits:
            raise ValueError
    except (OSError, ValueError):
        raise InvalidArgument(f"invalid CIDR address: {text}") from None
    size = 1 << (bits - prefix)
    first = int.from_bytes(packed, "big") // size * size
    return family, first, first + size - 1


def _contains(outer: tuple[int, int, int], inner: tuple[int, int, int]) -> bool:
    return outer[0] == inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


COMMAND = Command(
    "network create",
    "[OPTIONS] NETWORK",
    "make a network",
    run,
    (
        Option("attachable", "bool", "containers may be attached by hand"),
        Option("aux-address", "list", "reserved address (name=address)", shown="map"),
        Option("config-from", "string", "network to take the configuration from"),
        Option("config-only", "bool", "make a configuration, no network"),
        Option("d driver", "string", "network driver", default="bridge"),
        Option("gateway", "strings", "gateway of a subnet"),
        Option("ingress", "bool", "make the routing mesh's network", hidden=True),
        Option("internal", "bool", "no way to the outside"),
        Option("ip-range", "strings", "part of a subnet for containers"),
        Option("ipam-driver", "string", "address driver", default="default"),
        Option("ipam-opt", "list", "address driver's option (name=value)", shown="map"),
        Option("ipv4", "bool", "give IPv4 addresses", default=True),
        Option("ipv6", "bool", "give IPv6 addresses"),
        Option("label", "list", "set a label (name=value)", read=read_label),
        Option("o opt", "list", "driver's option (name=value)", shown="map"),
        Option("scope", "string", "scope of the network"),
        Option("subnet", "strings", "address range (address/prefix)"),
    ),
    arguments=(1, 1),
)
