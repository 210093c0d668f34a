"""`python -m gorae.api.describe`: docs/api.md, made from the table of routes."""

import sys
from types import SimpleNamespace
from typing import Any

from gorae.api.app import all_routes
from gorae.api.route import Route
from gorae.wire.version import NEWEST, OLDEST

_HEAD = f"""# The API

gorae serves the Docker Engine API, versions {OLDEST} to {NEWEST}, on a Unix socket (default
`/run/gorae/gorae.sock`). A path may begin with a version (`/v1.44/...`); without one the newest is
meant. Errors are JSON, `{{"message": "..."}}`, of type `application/json`. What Docker's own
description says of an operation holds here; operations that are not offered answer 501, those of a
swarm 503.

This page is made from the table of routes: `python -m gorae.api.describe`.
"""


class _AnyService(SimpleNamespace):
    """Stands for services: the table needs their names only."""

    def __getattr__(self, name: str) -> Any:
        return _AnyService()


def markdown() -> str:
    """The page."""
    groups: dict[str, list[Route]] = {}
    for route in all_routes(_AnyService()):
        groups.setdefault(route.group, []).append(route)
    return "\n".join([_HEAD, *(_section(group, groups[group]) for group in groups)])


def _section(group: str, routes: list[Route]) -> str:
    lines = [f"## {group}", "", "| | Path | Operation | |", "|---|---|---|---|"]
    lines += [
        f"| {one.method} | `{one.path}` | {one.operation} | {one.summary} |" for one in routes
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(markdown())
