"""`history`: the layers of an image."""

from __future__ import annotations

import time

from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.timestamp import rfc3339_local
from gorae.cli.units import ellipsis, human_duration, human_size, short_id
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

COMMENT_WIDTH = 45


def run(call: Invocation) -> int:
    """List the layers, newest first."""
    options = call.options
    query = {"platform": options.text("platform") or None}
    rows = call.session.get(f"/images/{quote(call.arguments[0], '/:@')}/history", query)
    whole, human = options.flag("no-trunc"), options.flag("human")
    template = options.text("format")
    if options.flag("quiet") and template in ("", "table"):
        call.console.out.write("".join(f"{identifier(row, whole)}\n" for row in rows))
        return 0
    call.console.out.write(listing(whole, human).render(rows, template))
    return 0


def identifier(row: Row, whole: bool) -> str:
    """The image id of that layer, or `<missing>`."""
    found: str = row["Id"]
    return found if whole else short_id(found)


def created_by(row: Row, whole: bool) -> str:
    """The instruction on one line."""
    text = row["CreatedBy"].replace("\t", " ")
    return text if whole else ellipsis(text, COMMENT_WIDTH)


def listing(whole: bool, human: bool) -> Listing:
    """The columns; without `human` sizes are bytes and times are RFC 3339."""
    return Listing(
        "*formatter.historyContext",
        {
            "ID": ("IMAGE", lambda row: identifier(row, whole)),
            "CreatedSince": (
                "CREATED" if human else "CREATED AT",
                lambda row: (
                    f"{human_duration(time.time() - row['Created'])} ago"
                    if human
                    else rfc3339_local(row["Created"])
                ),
            ),
            "CreatedAt": ("CREATED AT", lambda row: rfc3339_local(row["Created"])),
            "CreatedBy": ("CREATED BY", lambda row: created_by(row, whole)),
            "Size": (
                "SIZE",
                lambda row: human_size(row["Size"], 3) if human else str(row["Size"]),
            ),
            "Comment": ("COMMENT", lambda row: row["Comment"]),
        },
        ("ID", "CreatedSince", "CreatedBy", "Size", "Comment"),
    )


COMMAND = Command(
    "image history",
    "[OPTIONS] IMAGE",
    "show the layers of an image",
    run,
    (
        format_option(),
        Option("H human", "bool", "sizes and times for people", default=True),
        Option("no-trunc", "bool", "cut nothing"),
        Option("platform", "string", "the platform to show (os/arch)"),
        Option("q quiet", "bool", "show ids only"),
    ),
    arguments=(1, 1),
)
