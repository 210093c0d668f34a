"""An operation, and the table that finds it by method and path. Pure.

Paths are as the API's description writes them (`/containers/{id}/json`). A parameter is one
segment, but `{name}` of an image, which may hold slashes: it takes what lies between its
neighbours.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gorae.errors import InvalidArgument, NotFound
from gorae.wire.version import NEWEST, ApiVersion, admit

if TYPE_CHECKING:
    from gorae.api.call import Call

Handler = Callable[["Call"], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `streams`: ends when the client leaves; other work is always finished."""

    method: str
    path: str
    handler: Handler
    operation: str
    group: str
    summary: str
    streams: bool = False
    since: ApiVersion = ApiVersion(1, 24)
    own: bool = False
    """gorae's own, beside Docker's."""


@dataclass(frozen=True, slots=True)
class Match:
    """A route and what its parameters are."""

    route: Route
    params: dict[str, str]


class RouteTable:
    """All routes. The longest literal path wins over one with parameters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._literal: dict[tuple[str, str], Route] = {}
        self._patterns: dict[tuple[str, str], list[tuple[tuple[str, ...], Route]]] = {}
        for route in self.routes:
            parts = tuple(route.path.strip("/").split("/"))
            if "{" not in route.path:
                self._literal[route.method, route.path] = route
            else:
                self._patterns.setdefault((route.method, parts[0]), []).append((parts, route))
        for found in self._patterns.values():
            found.sort(key=lambda pair: (-len(pair[0]), pair[0]))

    def match(self, method: str, path: str) -> Match:
        """Raises: NotFound: no such operation."""
        literal = self._literal.get((method, path))
        if literal is not None:
            return Match(literal, {})
        segments = path.strip("/").split("/")
        for parts, route in self._patterns.get((method, segments[0]), ()):
            params = _bind(parts, segments)
            if params is not None:
                return Match(route, params)
        raise NotFound("page not found")


def _bind(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    """What the parameters of `parts` are in `segments`; None where they do not fit."""
    spare = len(segments) - len(parts)
    if spare < 0 or (spare and "{name}" not in parts):
        return None
    params: dict[str, str] = {}
    position = 0
    for part in parts:
        take = 1 + spare if part == "{name}" else 1
        value = "/".join(segments[position : position + take])
        position += take
        if part.startswith("{"):
            if not value:
                return None
            params[part[1:-1]] = value
        elif part != value:
            return None
    return params


def split_version(path: str) -> tuple[ApiVersion, str]:
    """The version that a path names (the newest when none), and the rest.

    Raises:
        InvalidArgument: a version that is not served.
    """
    head, slash, rest = path[1:].partition("/")
    if not slash or head[:1] != "v" or not head[1:2].isdigit():
        return NEWEST, path
    try:
        wanted = ApiVersion.parse(head[1:])
    except InvalidArgument:
        raise NotFound("page not found") from None
    return admit(wanted), f"/{rest}"
