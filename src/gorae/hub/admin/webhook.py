"""`gorae hub webhook`."""

from gorae.hub.admin.order import Order, say, show, when
from gorae.hub.caller import CONSOLE
from gorae.hub.services import Services


def add(services: Services, order: Order) -> None:
    """A new webhook; its signing secret on standard output, this once."""
    namespace, url = order.arguments
    events = [str(one) for one in order.options.get("event", ["push", "delete"])]
    _, secret = services.webhooks.add(namespace, url, events, CONSOLE)
    say(secret)


def ls(services: Services, order: Order) -> None:
    """A namespace's webhooks."""
    (namespace,) = order.arguments
    services.accounts.get(namespace)
    rows = [
        (one.id, one.url, one.events, when(one.created_ns))
        for one in services.webhooks.of(namespace)
    ]
    show(("ID", "URL", "EVENTS", "CREATED"), rows)


def rm(services: Services, order: Order) -> None:
    """Webhooks go."""
    namespace, *ids = order.arguments
    for webhook_id in ids:
        services.webhooks.remove(namespace, webhook_id, CONSOLE)
        say(webhook_id)
