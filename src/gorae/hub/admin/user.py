"""`gorae hub user`."""

from gorae.errors import InvalidArgument
from gorae.hub.admin.order import Order, say, show, size, when
from gorae.hub.caller import CONSOLE
from gorae.hub.services import Services


def add(services: Services, order: Order) -> None:
    """A new user."""
    (name,) = order.arguments
    services.accounts.add_user(
        name,
        order.password(),
        CONSOLE,
        is_admin=order.flag("admin"),
        email=order.text("email"),
    )
    say(name)


def passwd(services: Services, order: Order) -> None:
    """Another password."""
    (name,) = order.arguments
    services.accounts.get(name)
    services.accounts.set_password(name, order.password(), CONSOLE)
    say(name)


def rm(services: Services, order: Order) -> None:
    """Users or organisations go."""
    for name in order.arguments:
        services.accounts.remove(name, CONSOLE)
        say(name)


def ls(services: Services, order: Order) -> None:
    """All users."""
    del order
    rows = [
        (
            one.name,
            one.email or "-",
            "admin" if one.is_admin else "user",
            one.state,
            "default" if one.quota_bytes < 0 else size(one.quota_bytes),
            when(one.created_ns),
        )
        for one in services.accounts.all("user")
    ]
    show(("NAME", "EMAIL", "KIND", "STATE", "QUOTA", "CREATED"), rows)


def set_(services: Services, order: Order) -> None:
    """Change what was given."""
    (name,) = order.arguments
    options = order.options
    if not options.keys() & {"admin", "disabled", "quota"}:
        raise InvalidArgument("nothing to change: give --admin, --disabled or --quota")
    if "admin" in options:
        services.accounts.set_admin(name, bool(options["admin"]), CONSOLE)
    if "disabled" in options:
        state = "disabled" if options["disabled"] else "active"
        services.accounts.set_state(name, state, CONSOLE)
    if "quota" in options:
        services.accounts.set_quota(name, int(options["quota"]), CONSOLE)
    say(name)
