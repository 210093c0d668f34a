"""Words -> what carries them out."""

from collections.abc import Callable

from gorae.errors import InvalidArgument
from gorae.hub.admin import keeping, org, repo, token, user, webhook
from gorae.hub.admin.order import Order
from gorae.hub.services import Services, open_services

COMMANDS: dict[str, Callable[[Services, Order], None]] = {
    "user add": user.add,
    "user passwd": user.passwd,
    "user rm": user.rm,
    "user ls": user.ls,
    "user set": user.set_,
    "org add": org.add,
    "org rm": user.rm,
    "org ls": org.ls,
    "org member": org.member,
    "repo ls": repo.ls,
    "repo add": repo.add,
    "repo set": repo.set_,
    "repo rm": repo.rm,
    "token add": token.add,
    "token ls": token.ls,
    "token rm": token.rm,
    "webhook add": webhook.add,
    "webhook ls": webhook.ls,
    "webhook rm": webhook.rm,
    "invite": keeping.invite,
    "gc": keeping.gc,
    "audit": keeping.audit,
    "key rotate": keeping.rotate,
}


def run(order: Order) -> int:
    """Carry out one command; the exit status."""
    act = COMMANDS.get(order.command)
    if act is None:
        raise InvalidArgument(f'no such command: "hub {order.command}"')
    services = open_services(order.config)
    try:
        act(services, order)
    finally:
        services.close()
    return 0
