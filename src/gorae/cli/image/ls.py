"""`image ls`, `images`: the list of images."""

from __future__ import annotations

import time

from gorae.cli import filters
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import go_text
from gorae.cli.units import human_duration, human_size, short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

NONE = "<none>"
UNKNOWN = "N/A"


def run(call: Invocation) -> int:
    """List images, one row a name."""
    options = call.options
    wanted = list(options.items("filter"))
    if call.arguments:
        wanted.append(f"reference={call.arguments[0]}")
    query = {"all": options.flag("all") or None, "filters": filters.document(wanted)}
    images = call.session.get("/images/json", query)
    whole, template = options.flag("no-trunc"), options.text("format")
    digests = options.flag("digests") or "{{.Digest}}" in template
    rows = [row for image in images for row in names(image, digests=digests)]
    shown = listing(whole)
    if options.flag("quiet") and template in ("", "table", "raw"):
        call.console.out.write(shown.identifiers(rows, template, "ID"))
        return 0
    also = "Digest" if options.flag("digests") else ""
    fields = ("Repository", "Tag", "Digest", "ID", "CreatedSince", "Size") if also else shown.table
    call.console.out.write(shown.render(rows, template, table=fields, also=also))
    return 0


def names(image: Row, *, digests: bool) -> list[Row]:
    """One row for each tag (with `digests`: for each tag and digest); one of `<none>` without names."""
    tags: dict[str, list[str]] = {}
    for reference in image.get("RepoTags") or ():
        repository, _, tag = reference.rpartition(":")
        if reference != f"{NONE}:{NONE}":
            tags.setdefault(repository, []).append(tag)
    known: dict[str, list[str]] = {}
    for reference in image.get("RepoDigests") or ():
        repository, _, digest = reference.partition("@")
        if reference != f"{NONE}@{NONE}":
            known.setdefault(repository, []).append(digest)
    rows = []
    for repository in dict.fromkeys((*tags, *known)):
        pairs = [
            (tag, digest)
            for tag in tags.get(repository, [NONE])
            for digest in known.get(repository, [NONE])
        ]
        if not digests:
            pairs = [(tag, NONE) for tag in tags.get(repository, [NONE])]
        rows += [
            {**image, "repository": repository, "tag": tag, "digest": digest}
            for tag, digest in pairs
        ]
    return rows or [{**image, "repository": NONE, "tag": NONE, "digest": NONE}]


def identifier(row: Row, whole: bool) -> str:
    """The image id, cut unless whole."""
    found: str = row["Id"]
    return found if whole else short_id(found)


def counted(row: Row) -> str:
    """How many containers use the image, where the engine counted them."""
    return str(row["Containers"]) if row.get("Containers", -1) >= 0 else UNKNOWN


def shared(row: Row) -> str:
    """What it shares with others."""
    return human_size(row["SharedSize"]) if row.get("SharedSize", -1) >= 0 else UNKNOWN


def unique(row: Row) -> str:
    """What it has alone."""
    if row.get("SharedSize", -1) < 0:
        return UNKNOWN
    return human_size(row["Size"] - row["SharedSize"])


RAW = (
    ("repository", "Repository"), ("tag", "Tag"), ("digest?", "Digest"), ("image_id", "ID"),
    ("created_at", "CreatedAt"), ("virtual_size", "Size"),
)  # fmt: skip


def listing(whole: bool) -> Listing:
    """The columns."""
    return Listing(
        "*formatter.imageContext",
        {
            "ID": ("IMAGE ID", lambda row: identifier(row, whole)),
            "Repository": ("REPOSITORY", lambda row: row["repository"]),
            "Tag": ("TAG", lambda row: row["tag"]),
            "Digest": ("DIGEST", lambda row: row["digest"]),
            "CreatedSince": ("CREATED", lambda row: since(row["Created"])),
            "CreatedAt": ("CREATED AT", lambda row: go_text(row["Created"])),
            "Size": ("SIZE", lambda row: human_size(row["Size"], 3)),
            "Containers": ("CONTAINERS", counted),
            "VirtualSize": ("SIZE", lambda row: human_size(row["Size"])),
            "SharedSize": ("SHARED SIZE", shared),
            "UniqueSize": ("UNIQUE SIZE", unique),
        },
        ("Repository", "Tag", "ID", "CreatedSince", "Size"),
        raw=RAW,
    )


def since(created_s: int) -> str:
    """`5 minutes ago`."""
    return f"{human_duration(time.time() - created_s)} ago" if created_s > 0 else UNKNOWN


COMMAND = Command(
    "image ls",
    "[OPTIONS] [REPOSITORY[:TAG]]",
    "list images",
    run,
    (
        Option("a all", "bool", "show intermediate images too"),
        Option("digests", "bool", "show digests"),
        filters.option(),
        format_option(),
        Option("no-trunc", "bool", "cut nothing"),
        Option("q quiet", "bool", "show ids only"),
        Option("tree", "bool", "accepted for docker's sake", hidden=True),
    ),
    arguments=(0, 1),
)
