"""`system df`: the disk space in use."""

from __future__ import annotations

import time

from gorae.cli import tabwriter
from gorae.cli.container import ls as container_ls
from gorae.cli.image import ls as image_ls
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import parse_rfc3339
from gorae.cli.units import human_duration, human_size, short_id
from gorae.cli.volume import ls as volume_ls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

LISTING = Listing(
    "*formatter.diskUsageContext",
    {
        "Type": ("TYPE", lambda row: row["type"]),
        "TotalCount": ("TOTAL", lambda row: str(row["total"])),
        "Active": ("ACTIVE", lambda row: str(row["active"])),
        "Size": ("SIZE", lambda row: human_size(row["size"])),
        "Reclaimable": ("RECLAIMABLE", lambda row: reclaimable(row)),
    },
    ("Type", "TotalCount", "Active", "Size", "Reclaimable"),
)


WHY = Listing(
    "*formatter.storedBytes",
    {
        "Size": ("SIZE", lambda line: human_size(line["Size"])),
        "Type": ("TYPE", lambda line: line["Type"]),
        "Owner": ("OWNER", lambda line: line["Owner"]),
        "LastUsed": ("LAST USED", lambda line: _ago(line["LastUsed"])),
        "Measured": ("MEASURED", lambda line: _ago(line["Measured"]) or "when stored"),
        "Reason": ("REASON", lambda line: line["Reason"]),
    },
    ("Size", "Type", "Owner", "LastUsed", "Measured", "Reason"),
)


def run(call: Invocation) -> int:
    """Print sums, or with `-v` every object."""
    if call.options.flag("why"):
        lines = call.session.get("/gorae/system/df")
        template = call.options.text("format")
        call.console.out.write(WHY.render(lines, template) if template else why(lines))
        return 0
    usage = call.session.get("/system/df")
    template = call.options.text("format")
    if call.options.flag("verbose"):
        if template.strip() not in ("", "table"):
            from gorae.cli.system.df_objects import formatted

            call.console.out.write(formatted(usage, template.strip()))
            return 0
        call.console.out.write(verbose(usage))
        return 0
    call.console.out.write(LISTING.render(sums(usage), template))
    return 0


def reclaimable(row: Row) -> str:
    """What removing the unused would free, in percent of the whole where that says something."""
    text = human_size(row["free"])
    if row["size"] > 0 and row["percent"]:
        return f"{text} ({int(row['free'] * 100 / row['size'])}%)"
    return text


def sums(usage: Row) -> list[Row]:
    """One row for each kind of thing."""
    images, containers = usage.get("Images") or [], usage.get("Containers") or []
    volumes, cache = usage.get("Volumes") or [], usage.get("BuildCache") or []
    used = sum(
        image["Size"] - max(image.get("SharedSize", 0), 0)
        for image in images
        if image.get("Containers", 0) > 0
    )
    layers = usage.get("LayersSize", 0)
    alive = [c for c in containers if c.get("State") in ("running", "paused", "restarting")]
    return [
        _row(
            "Images",
            len(images),
            sum(1 for i in images if i.get("Containers", 0) > 0),
            layers,
            layers - used,
        ),
        _row(
            "Containers",
            len(containers),
            len(alive),
            sum(c.get("SizeRw", 0) for c in containers),
            sum(c.get("SizeRw", 0) for c in containers if c not in alive),
        ),
        _row(
            "Local Volumes",
            len(volumes),
            sum(1 for v in volumes if volume_ls.usage(v, "RefCount") > 0),
            sum(max(volume_ls.usage(v, "Size"), 0) for v in volumes),
            sum(
                max(volume_ls.usage(v, "Size"), 0)
                for v in volumes
                if volume_ls.usage(v, "RefCount") == 0
            ),
        ),
        {
            **_row(
                "Build Cache",
                len(cache),
                sum(1 for c in cache if c.get("InUse")),
                sum(c["Size"] for c in cache if not c.get("Shared")),
                sum(c["Size"] for c in cache if not c.get("InUse") and not c.get("Shared")),
            ),
            "percent": False,
        },
    ]


def _row(kind: str, total: int, active: int, size: int, free: int) -> Row:
    return {
        "type": kind,
        "total": total,
        "active": active,
        "size": size,
        "free": free,
        "percent": True,
    }


def verbose(usage: Row) -> str:
    """The tables of all objects."""
    parts = [
        "Images space usage:\n",
        _images(usage),
        "Containers space usage:\n",
        _containers(usage),
    ]
    parts += ["Local Volumes space usage:\n", _volumes(usage)]
    cache = usage.get("BuildCache") or []
    total = human_size(sum(entry["Size"] for entry in cache if not entry.get("Shared")))
    parts += [f"Build cache usage: {total}\n", _cache(cache)]
    return "\n".join(parts)


def why(lines: list[Row]) -> str:
    """Sums by kind, then each owner with its reason, last use, and how old a walked figure is."""
    kinds: dict[str, int] = {}
    for line in lines:
        kinds[line["Type"]] = kinds.get(line["Type"], 0) + line["Size"]
    parts = [
        f"{human_size(size)} {kind}"
        for kind, size in sorted(kinds.items(), key=lambda one: -one[1])
    ]
    total = human_size(sum(kinds.values()))
    short = [
        {**line, "Owner": line["Owner"][:12] if len(line["Owner"]) == 64 else line["Owner"]}
        for line in lines
    ]
    return f"{total}: {', '.join(parts)}\n\n" + WHY.render(short)


def _table(heads: str, rows: list[list[str]]) -> str:
    return tabwriter.align("\n".join([heads, *("\t".join(row) for row in rows)])) + "\n"


def _images(usage: Row) -> str:
    rows = [
        [
            row["repository"],
            row["tag"],
            short_id(row["Id"]),
            image_ls.since(row["Created"]),
            human_size(row["Size"], 3),
            human_size(max(row.get("SharedSize", 0), 0)),
            human_size(row["Size"] - max(row.get("SharedSize", 0), 0)),
            str(row.get("Containers", 0)),
        ]
        for image in usage.get("Images") or ()
        for row in image_ls.names(image, digests=False)
    ]
    return _table(
        "REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS", rows
    )


def _containers(usage: Row) -> str:
    columns = container_ls.listing(False).columns
    fields = ("ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names")
    rows = []
    for container in usage.get("Containers") or ():
        lean = {**container, "SizeRootFs": 0}
        rows.append([str(columns[field][1](lean)) for field in fields])
    return _table("CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES", rows)


def _volumes(usage: Row) -> str:
    fields = ("Name", "Links", "Size")
    rows = [
        [str(volume_ls.LISTING.columns[field][1](volume)) for field in fields]
        for volume in usage.get("Volumes") or ()
    ]
    return _table("VOLUME NAME\tLINKS\tSIZE", rows)


def _cache(cache: list[Row]) -> str:
    rows = [
        [
            short_id(entry["ID"]) + ("*" if entry.get("InUse") else ""),
            entry.get("Type", ""),
            human_size(entry["Size"], 3),
            _ago(entry.get("CreatedAt")),
            _ago(entry.get("LastUsedAt")),
            str(entry.get("UsageCount", 0)),
            str(bool(entry.get("Shared"))).lower(),
        ]
        for entry in cache
    ]
    return _table("CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED", rows)


def _ago(moment: str | None) -> str:
    if not moment:
        return ""
    return f"{human_duration(time.time() - parse_rfc3339(moment)[0])} ago"


COMMAND = Command(
    "system df",
    "[OPTIONS]",
    "show the disk space in use",
    run,
    (
        format_option(),
        Option("v verbose", "bool", "show every object"),
        Option("why", "bool", "show whose every byte is, and why it is kept"),
    ),
)
