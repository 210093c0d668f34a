"""`container ls`, `ps`: the list of containers."""

from __future__ import annotations

import time

from gorae.cli import filters
from gorae.cli.container.ports import displayed
from gorae.cli.listing import (
    CLASH,
    Listing,
    execute,
    format_option,
    parse_template,
    uses_field,
)
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import go_text
from gorae.cli.units import ellipsis, human_duration, human_size, short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

COMMAND_WIDTH = 20
MOUNT_WIDTH = 15


def run(call: Invocation) -> int:
    """List containers."""
    options = call.options
    template = options.text("format")
    shown = listing(options.flag("no-trunc"))
    _check(template, shown)
    if options.flag("quiet") and template:
        call.console.complain(CLASH)
    last = 1 if options.flag("latest") else options.number("last")
    sized = options.flag("size") or (not options.changed("size") and uses_field(template, "Size"))
    query = {
        "all": options.flag("all") or last > 0 or None,
        "limit": last if last > 0 else None,
        "size": sized or None,
        "filters": filters.document(options.items("filter")),
    }
    rows = call.session.get("/containers/json", query)
    if options.flag("quiet"):
        call.console.out.write(shown.identifiers(rows, template, "ID"))
        return 0
    also = "Size" if options.flag("size") else ""
    fields = (*shown.table, "Size") if also else shown.table
    call.console.out.write(shown.render(rows, template, table=fields, also=also))
    return 0


def _check(template: str, shown: Listing) -> None:
    """Tried on nothing first, as docker does to learn which fields are asked for; its errors come before the engine's."""
    if template in ("", "json", "raw", "table"):
        return
    parsed = parse_template(template.removeprefix("table").strip(), "failed to parse template: ")
    execute(parsed, shown.struct({"Id": "", "Created": 0}), "failed to execute template: ")


RAW = (
    ("container_id", "ID"), ("image", "Image"), ("command", "Command"), ("created_at", "CreatedAt"),
    ("state", "State"), ("status", "Status"), ("names", "Names"), ("labels", "Labels"),
    ("ports", "Ports"), ("size?", "Size"),
)  # fmt: skip


def listing(whole: bool) -> Listing:
    """The columns; `whole` cuts nothing."""
    return Listing(
        "*formatter.ContainerContext",
        {
            "ID": ("CONTAINER ID", lambda row: row["Id"] if whole else short_id(row["Id"])),
            "Image": ("IMAGE", lambda row: image(row, whole)),
            "Command": ("COMMAND", lambda row: command(row, whole)),
            "RunningFor": (
                "CREATED",
                lambda row: human_duration(time.time() - row["Created"]) + " ago",
            ),
            "Status": ("STATUS", lambda row: row.get("Status", "")),
            "Ports": ("PORTS", lambda row: displayed(row.get("Ports") or ())),
            "Names": ("NAMES", lambda row: names(row, whole)),
            "Size": ("SIZE", size),
            "CreatedAt": ("CREATED AT", lambda row: go_text(row["Created"])),
            "State": ("STATE", lambda row: row.get("State", "")),
            "Labels": ("LABELS", lambda row: labels(row)),
            "LocalVolumes": ("LOCAL VOLUMES", local_volumes),
            "Mounts": ("MOUNTS", lambda row: mounts(row, whole)),
            "Networks": ("NETWORKS", networks),
            "Platform": ("PLATFORM", platform),
        },
        ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"),
        methods={"Label": ("", lambda row, name: (row.get("Labels") or {}).get(name, ""))},
        raw=RAW,
    )


def image(row: Row, whole: bool) -> str:
    """The image's name as it was given; an id is cut, a digest behind a tag left out."""
    name: str = row.get("Image") or "<no image>"
    if whole:
        return name
    if short_id(name) == short_id(row.get("ImageID", "")):
        return short_id(name)
    before, found, _ = name.partition("@")
    if found and ":" in before.rpartition("/")[2]:
        return before
    return name


def command(row: Row, whole: bool) -> str:
    """The command in quotes."""
    text = row.get("Command", "")
    from_quote = text if whole else ellipsis(text, COMMAND_WIDTH)
    if from_quote.isprintable() and '"' not in from_quote and "\\" not in from_quote:
        return f'"{from_quote}"'
    from gorae.cli.template.formatting import quote

    return quote(from_quote)


def names(row: Row, whole: bool) -> str:
    """The names without slash; names that links gave (`/other/alias`) only with `whole`."""
    found = [name.removeprefix("/") for name in row.get("Names") or ()]
    return ",".join(name for name in found if whole or "/" not in name)


def size(row: Row) -> str:
    """What the container wrote, and its whole root file system."""
    own = human_size(row.get("SizeRw", 0), 3)
    whole = row.get("SizeRootFs", 0)
    return f"{own} (virtual {human_size(whole, 3)})" if whole > 0 else own


def labels(row: Row) -> str:
    """`a=b,c=d`."""
    found = row.get("Labels") or {}
    return ",".join(f"{name}={found[name]}" for name in sorted(found))


def local_volumes(row: Row) -> str:
    """How many volumes of the local driver are mounted."""
    return str(sum(1 for mount in row.get("Mounts") or () if mount.get("Driver") == "local"))


def mounts(row: Row, whole: bool) -> str:
    """The names of volumes, the sources of binds."""
    found = [mount.get("Name") or mount.get("Source", "") for mount in row.get("Mounts") or ()]
    return ",".join(found if whole else [ellipsis(name, MOUNT_WIDTH) for name in found])


def networks(row: Row) -> str:
    """The names of the networks."""
    return ",".join(sorted((row.get("NetworkSettings") or {}).get("Networks") or {}))


def platform(row: Row) -> Any:
    """The platform of the image's manifest, where the engine tells."""
    found = (row.get("ImageManifestDescriptor") or {}).get("platform")
    return f"{found['os']}/{found['architecture']}" if found else None


COMMAND = Command(
    "container ls",
    "[OPTIONS]",
    "list containers",
    run,
    (
        Option("a all", "bool", "show all containers, not only those that run"),
        filters.option(),
        format_option(),
        Option("n last", "int", "show the last n made, in any state", default=-1),
        Option("l latest", "bool", "show the last made, in any state"),
        Option("no-trunc", "bool", "cut nothing"),
        Option("q quiet", "bool", "show ids only"),
        Option("s size", "bool", "show sizes"),
    ),
)
