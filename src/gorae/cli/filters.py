"""`--filter name=value` to the API's `filters` document."""

from __future__ import annotations

from gorae.cli.options import Option
from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def read_filter(text: str) -> str:
    """A filter with its name in lower case.

    Raises:
        InvalidArgument: no `=` in it.
    """
    name, found, value = text.partition("=")
    if not found and text:
        raise InvalidArgument("bad format of filter (expected name=value)")
    return f"{name.strip().lower()}={value.strip()}"


def option(names: str = "f filter", summary: str = "show only what fits (name=value)") -> Option:
    """The option of list commands."""
    return Option(names, "list", summary, shown="filter", read=read_filter)


def document(texts: Iterable[str]) -> str | None:
    """The query value: `{"name":{"value":true}}`; None without filters."""
    found: dict[str, dict[str, bool]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name:
            continue
        found.setdefault(name, {})[value] = True
    return jsontext.encode(found) if found else None
