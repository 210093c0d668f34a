"""`search`: find repositories on Docker Hub, or in another registry that searches."""

from __future__ import annotations

from gorae.cli import credentials, filters
from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.client import jsontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

    Row = dict[str, Any]

SHOWN_CHARS = 45


def run(call: Invocation) -> int:
    """List what the registry finds, the most starred first."""
    options = call.options
    term = call.arguments[0]
    domain = term.partition("/")[0] if "/" in term else ""
    document = credentials.read(credentials.folder(call.globals.text("config")))
    query = {
        "term": term,
        "limit": options.text("limit") or None,
        "filters": filters.document(list(options.items("filter"))),
    }
    headers = [credentials.header(document, domain if "." in domain or ":" in domain else "")]
    response = call.session.call("GET", "/images/search", query, headers=headers)
    found = jsontext.decode(response.read()) or []
    found.sort(key=lambda one: -int(one.get("star_count") or 0))
    shown = listing(whole=options.flag("no-trunc"))
    call.console.out.write(shown.render(found, options.text("format")))
    return 0


def listing(*, whole: bool) -> Listing:
    """One row a repository."""

    def description(one: Row) -> str:
        words = " ".join(str(one.get("description") or "").split())
        short = len(words) <= SHOWN_CHARS
        return words if whole or short else words[: SHOWN_CHARS - 1] + "…"

    return Listing(
        "formatter.SearchContext",
        {
            "Name": ("NAME", lambda one: one.get("name", "")),
            "Description": ("DESCRIPTION", description),
            "StarCount": ("STARS", lambda one: str(one.get("star_count", 0))),
            "IsOfficial": ("OFFICIAL", lambda one: "[OK]" if one.get("is_official") else ""),
        },
        ("Name", "Description", "StarCount", "IsOfficial"),
    )


COMMAND = Command(
    "search",
    "[OPTIONS] TERM",
    "find repositories on Docker Hub, or in the registry that TERM begins with",
    run,
    (
        Option("f filter", "list", "show only some: stars=N, is-official=BOOL"),
        format_option(),
        Option("limit", "string", "at most so many results"),
        Option("no-trunc", "bool", "show descriptions whole"),
    ),
    arguments=(1, 1),
)
