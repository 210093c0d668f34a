"""`network ls`."""

from __future__ import annotations

from gorae.cli import filters
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import go_text, parse_rfc3339
from gorae.cli.units import short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]


def run(call: Invocation) -> int:
    """List networks by name."""
    options = call.options
    query = {"filters": filters.document(options.items("filter"))}
    rows = sorted(call.session.get("/networks", query), key=lambda row: row["Name"])
    template, whole = options.text("format"), options.flag("no-trunc")
    shown = listing(whole)
    if options.flag("quiet") and template in ("", "table", "raw"):
        call.console.out.write(shown.identifiers(rows, template, "ID"))
        return 0
    call.console.out.write(shown.render(rows, template))
    return 0


def labels(row: Row) -> str:
    """`a=b,c=d`."""
    found = row.get("Labels") or {}
    return ",".join(f"{name}={found[name]}" for name in sorted(found))


def _flag(key: str, default: bool) -> Any:
    return lambda row: str(bool(row.get(key, default))).lower()


def listing(whole: bool) -> Listing:
    """The columns."""
    return Listing(
        "*network.networkContext",
        {
            "ID": ("NETWORK ID", lambda row: row["Id"] if whole else short_id(row["Id"])),
            "Name": ("NAME", lambda row: row["Name"]),
            "Driver": ("DRIVER", lambda row: row["Driver"]),
            "Scope": ("SCOPE", lambda row: row["Scope"]),
            "IPv4": ("IPV4", _flag("EnableIPv4", True)),
            "IPv6": ("IPV6", _flag("EnableIPv6", False)),
            "Internal": ("INTERNAL", _flag("Internal", False)),
            "Labels": ("LABELS", labels),
            "CreatedAt": ("CREATED AT", lambda row: go_text(*parse_rfc3339(row["Created"]))),
        },
        ("ID", "Name", "Driver", "Scope"),
        methods={"Label": ("", lambda row, name: (row.get("Labels") or {}).get(name, ""))},
        raw=(("network_id", "ID"), ("name", "Name"), ("driver", "Driver"), ("scope", "Scope")),
    )


COMMAND = Command(
    "network ls",
    "[OPTIONS]",
    "list networks",
    run,
    (
        filters.option(),
        format_option(),
        Option("no-trunc", "bool", "cut nothing"),
        Option("q quiet", "bool", "show ids only"),
    ),
)
