"""`gorae hub org`."""

from gorae.hub.admin.order import Order, say, show, when
from gorae.hub.caller import CONSOLE
from gorae.hub.services import Services


def add(services: Services, order: Order) -> None:
    """A new organisation with its first owner."""
    name, owner = order.arguments
    services.accounts.add_organisation(name, owner, CONSOLE)
    say(name)


def ls(services: Services, order: Order) -> None:
    """All organisations, or the members of those named."""
    if not order.arguments:
        rows = [
            (one.name, str(len(services.accounts.members(one.name))), when(one.created_ns))
            for one in services.accounts.all("organisation")
        ]
        show(("NAME", "MEMBERS", "CREATED"), rows)
        return
    for name in order.arguments:
        show(("MEMBER", "ROLE"), services.accounts.members(name))


def member(services: Services, order: Order) -> None:
    """Give a member a role, or remove it."""
    organisation, name = order.arguments
    if order.flag("rm"):
        services.accounts.remove_member(organisation, name, CONSOLE)
    else:
        services.accounts.set_member(organisation, name, order.text("role", "reader"), CONSOLE)
    say(name)
