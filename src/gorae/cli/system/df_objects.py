"""`system df -v --format`: every object as a template or JSON sees it."""

from __future__ import annotations

import time

from gorae.cli.container import ls as container_ls
from gorae.cli.image import ls as image_ls
from gorae.cli.listing import Listing, execute, parse_template
from gorae.cli.template.value import Row, constant
from gorae.cli.timestamp import go_text, parse_rfc3339
from gorae.cli.units import human_duration, human_size
from gorae.cli.volume import ls as volume_ls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Usage = dict[str, Any]


def formatted(usage: Usage, template: str) -> str:
    """The objects by a Go template, or all of them as JSON; without a line's end, as docker writes it."""
    text = "{{json .}}" if template == "json" else template
    text = text.removeprefix("table").strip().replace("\\t", "\t").replace("\\n", "\n")
    return execute(parse_template(text), _root(usage), "")


def _root(usage: Usage) -> Row:
    images = [
        {**row, "digest": ""}
        for image in usage.get("Images") or ()
        for row in image_ls.names({"Containers": 0, **image}, digests=False)
    ]
    containers = [{**one, "SizeRootFs": 0} for one in usage.get("Containers") or ()]
    kinds = {
        "Images": (image_ls.listing(True), images),
        "Containers": (container_ls.listing(True), containers),
        "Volumes": (volume_ls.LISTING, usage.get("Volumes") or []),
        "BuildCache": (CACHE, usage.get("BuildCache") or []),
    }
    return Row(
        "formatter.diskUsageContext",
        {name: constant([one.struct(row) for row in rows]) for name, (one, rows) in kinds.items()},
        pointer=True,
    )


def _moment(text: str | None) -> str:
    return go_text(parse_rfc3339(text)[0]) if text else ""


def _since(text: str | None) -> str:
    return f"{human_duration(time.time() - parse_rfc3339(text)[0])} ago" if text else ""


def _truth(entry: Usage, key: str) -> str:
    return str(bool(entry.get(key))).lower()


CACHE = Listing(
    "*formatter.buildCacheContext",
    {
        "ID": ("CACHE ID", lambda row: row["ID"]),
        "Parent": ("PARENT", lambda row: row.get("Parent", "")),
        "CacheType": ("CACHE TYPE", lambda row: row.get("Type", "")),
        "Description": ("DESCRIPTION", lambda row: row.get("Description", "")),
        "InUse": ("IN USE", lambda row: _truth(row, "InUse")),
        "Shared": ("SHARED", lambda row: _truth(row, "Shared")),
        "Size": ("SIZE", lambda row: human_size(row["Size"], 3)),
        "CreatedAt": ("CREATED AT", lambda row: _moment(row.get("CreatedAt"))),
        "CreatedSince": ("CREATED", lambda row: _since(row.get("CreatedAt"))),
        "LastUsedAt": ("LAST USED AT", lambda row: _moment(row.get("LastUsedAt"))),
        "LastUsedSince": ("LAST USED", lambda row: _since(row.get("LastUsedAt"))),
        "UsageCount": ("USAGE", lambda row: str(row.get("UsageCount", 0))),
    },
    ("ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"),
)
