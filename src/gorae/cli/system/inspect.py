"""`inspect`: containers, images, networks and volumes by name, whichever there is."""

from __future__ import annotations

from gorae.cli import inspect
from gorae.cli.options import Command, Option
from gorae.client.session import quote
from gorae.errors import GoraeError, InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

# kind -> (path of one object, Go type)
KINDS = {
    "container": ("/containers/{}/json", "container.InspectResponse"),
    "image": ("/images/{}/json", "image.InspectResponse"),
    "network": ("/networks/{}", "network.Inspect"),
    "volume": ("/volumes/{}", "volume.Volume"),
}
_ALL = (
    "config",
    "container",
    "image",
    "network",
    "node",
    "plugin",
    "secret",
    "service",
    "task",
    "volume",
)


def run(call: Invocation) -> int:
    """Show documents of any kind."""
    options = call.options
    kind = options.text("type")
    if options.changed("type") and kind not in _ALL:
        shown = ", ".join(f'"{name}"' for name in _ALL)
        raise InvalidArgument(f'unknown type: "{kind}": must be one of {shown}')
    if kind and kind not in KINDS:
        raise InvalidArgument(f'objects of type "{kind}" do not exist in this engine')

    def fetch(name: str) -> tuple[Any, str]:
        return fetch_any(call, name, kind, size=options.flag("size"))

    return inspect.inspect(call.console, call.arguments, fetch, options.text("format"))


def fetch_any(call: Invocation, name: str, kind: str, *, size: bool) -> tuple[Any, str]:
    """The document of that name and its type; the kinds are asked in turn."""
    for candidate in (kind,) if kind else KINDS:
        try:
            return fetch_one(call, candidate, name, size=size), KINDS[candidate][1]
        except NotFound:
            if kind:
                raise
        except InvalidArgument:
            if kind or candidate == "container":
                raise
    raise NotFound(f"Error: No such object: {name}")


def fetch_one(call: Invocation, kind: str, name: str, *, size: bool = False) -> Any:
    """The document of one object of a known kind."""
    if not name.strip():
        raise GoraeError(f"invalid {kind} name or ID: value is empty")
    query = {"size": True} if size and kind == "container" else None
    return call.session.get(KINDS[kind][0].format(quote(name, "/:@")), query)


def command(path: str, kind: str, argument: str, extra: tuple[Option, ...] = ()) -> Command:
    """The inspect command of one kind."""

    def run_one(call: Invocation) -> int:
        size = kind == "container" and call.options.flag("size")

        def fetch(name: str) -> tuple[Any, str]:
            return fetch_one(call, kind, name, size=size), KINDS[kind][1]

        text = call.options.text("format")
        return inspect.inspect(call.console, call.arguments, fetch, text, raw=kind != "volume")

    return Command(
        path,
        f"[OPTIONS] {argument} [{argument}...]",
        f"show all facts about {kind}s",
        run_one,
        (inspect.FORMAT, *extra),
        arguments=(1, None),
    )


COMMAND = Command(
    "inspect",
    "[OPTIONS] NAME|ID [NAME|ID...]",
    "show all facts about objects of any kind",
    run,
    (
        inspect.FORMAT,
        Option("s size", "bool", "show sizes of containers"),
        Option("type", "string", "look for objects of this kind only", choices=tuple(KINDS)),
    ),
    arguments=(1, None),
)
