"""`gorae hub repo`."""

from pathlib import Path

from gorae.errors import InvalidArgument, NotFound
from gorae.hub.admin.order import Order, say, show, size, when
from gorae.hub.caller import CONSOLE
from gorae.hub.catalog import MAX_README_CHARS
from gorae.hub.services import Services


def ls(services: Services, order: Order) -> None:
    """All repositories, or those of the namespaces named."""
    if order.arguments:
        found = [one for name in order.arguments for one in services.catalog.of_namespace(name)]
    else:
        found = services.catalog.all()
    rows = [
        (
            one.name,
            one.visibility,
            str(len(services.catalog.tags(one.name))),
            size(services.catalog.bytes_of(one.name)),
            str(one.pulls),
            when(one.updated_ns),
        )
        for one in found
    ]
    show(("NAME", "VISIBILITY", "TAGS", "SIZE", "PULLS", "UPDATED"), rows)


def add(services: Services, order: Order) -> None:
    """An empty repository."""
    (name,) = order.arguments
    visibility = "private" if order.flag("private") else order.config.default_visibility
    services.catalog.create(name, visibility, CONSOLE)
    say(name)


def set_(services: Services, order: Order) -> None:
    """Change what was given."""
    (name,) = order.arguments
    before = services.catalog.get(name)
    if not order.options.keys() & {"public", "private", "description", "readme"}:
        raise InvalidArgument(
            "nothing to change: give --public, --private, --description or --readme"
        )
    if order.flag("public") and order.flag("private"):
        raise InvalidArgument("conflicting options: --public and --private")
    if order.flag("public") or order.flag("private"):
        services.catalog.set_visibility(
            name, "private" if order.flag("private") else "public", CONSOLE
        )
    if order.options.keys() & {"description", "readme"}:
        readme = _read(order.text("readme")) if "readme" in order.options else before.readme
        description = order.text("description", before.description)
        services.catalog.set_text(name, description, readme, CONSOLE)
    say(name)


def _read(path: str) -> str:
    try:
        return Path(path).read_bytes()[: 4 * MAX_README_CHARS].decode()
    except FileNotFoundError:
        raise NotFound(f'no such file: "{path}"') from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f'"{path}" cannot be read as text: {error}') from None


def rm(services: Services, order: Order) -> None:
    """Repositories go."""
    for name in order.arguments:
        services.catalog.remove(name, CONSOLE)
        say(name)
