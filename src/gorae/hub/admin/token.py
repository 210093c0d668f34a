"""`gorae hub token`."""

from gorae.hub.admin.order import Order, say, show, when
from gorae.hub.caller import CONSOLE
from gorae.hub.clock import SECOND_NS
from gorae.hub.services import Services

DEFAULT_LIFETIME_S = 90 * 86400


def add(services: Services, order: Order) -> None:
    """A new access token; its secret on standard output, this once."""
    (account,) = order.arguments
    scopes = [str(one) for one in order.options.get("scope", ["pull", "push"])]
    lifetime_ns = order.options.get("expires", DEFAULT_LIFETIME_S * SECOND_NS)
    secret, _ = services.tokens.create(
        account, order.text("label"), scopes, int(lifetime_ns) // SECOND_NS, CONSOLE
    )
    say(secret)


def ls(services: Services, order: Order) -> None:
    """A user's tokens; never their secrets."""
    (account,) = order.arguments
    services.accounts.get(account)
    rows = [
        (one.id, one.kind, one.label, one.scopes, when(one.expires_ns), when(one.used_ns))
        for one in services.tokens.of(account)
    ]
    show(("ID", "KIND", "LABEL", "SCOPES", "EXPIRES", "USED"), rows)


def rm(services: Services, order: Order) -> None:
    """Revoke tokens."""
    account, *ids = order.arguments
    for token_id in ids:
        services.tokens.revoke(account, token_id, CONSOLE)
        say(token_id)
