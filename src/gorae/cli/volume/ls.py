"""`volume ls`."""

from __future__ import annotations

from gorae.cli import filters
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

UNKNOWN = "N/A"


def run(call: Invocation) -> int:
    """List volumes by name."""
    options = call.options
    query = {"filters": filters.document(options.items("filter"))}
    rows = sorted(call.session.get("/volumes", query)["Volumes"] or (), key=lambda row: row["Name"])
    template = options.text("format")
    if options.flag("quiet") and template in ("", "table", "raw"):
        call.console.out.write(LISTING.identifiers(rows, template, "Name"))
        return 0
    call.console.out.write(LISTING.render(rows, template))
    return 0


def labels(row: Row) -> str:
    """`a=b,c=d`."""
    found = row.get("Labels") or {}
    return ",".join(f"{name}={found[name]}" for name in sorted(found))


def usage(row: Row, key: str) -> int:
    """A number of the usage data; -1 where it is not known."""
    return int((row.get("UsageData") or {}).get(key, -1))


def _size(row: Row) -> str:
    return human_size(usage(row, "Size")) if usage(row, "Size") >= 0 else UNKNOWN


def _measured(row: Row) -> str:
    """gorae's own figure; docker lists none."""
    size = int((row.get("Gorae") or {}).get("Size", -1))
    return human_size(size) if size >= 0 else UNKNOWN


def _made_by(row: Row) -> str:
    """`CONTAINER (IMAGE)` of an anonymous volume."""
    origin = row.get("Gorae") or {}
    image = f" ({origin['Image']})" if origin.get("Image") else ""
    return f"{origin['Container']}{image}" if origin.get("Container") else ""


def _links(row: Row) -> str:
    return str(usage(row, "RefCount")) if usage(row, "RefCount") >= 0 else UNKNOWN


LISTING = Listing(
    "*formatter.volumeContext",
    {
        "Driver": ("DRIVER", lambda row: row["Driver"]),
        "Name": ("VOLUME NAME", lambda row: row["Name"]),
        "Scope": ("SCOPE", lambda row: row["Scope"]),
        "Mountpoint": ("MOUNTPOINT", lambda row: row["Mountpoint"]),
        "Labels": ("LABELS", labels),
        "Links": ("LINKS", _links),
        "Size": ("SIZE", _size),
        "Availability": ("AVAILABILITY", lambda _: UNKNOWN),
        "Measured": ("SIZE", _measured),
        "MadeBy": ("MADE BY", _made_by),
        "Group": ("GROUP", lambda _: UNKNOWN),
        "Status": ("STATUS", lambda _: UNKNOWN),
    },
    ("Driver", "Name", "Measured", "MadeBy"),
    unlisted=("Measured", "MadeBy"),
    methods={"Label": ("", lambda row, name: (row.get("Labels") or {}).get(name, ""))},
    raw=(("name", "Name"), ("driver", "Driver")),
)

COMMAND = Command(
    "volume ls",
    "[OPTIONS]",
    "list volumes",
    run,
    (
        Option("cluster", "bool", "accepted for docker's sake", hidden=True),
        filters.option(),
        format_option(),
        Option("q quiet", "bool", "show names only"),
    ),
)
