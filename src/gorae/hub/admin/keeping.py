"""`gorae hub invite`, `gc`, `audit` and `key rotate`."""

from gorae.errors import InvalidArgument
from gorae.hub.admin.order import Order, say, show, when
from gorae.hub.caller import CONSOLE
from gorae.hub.clock import SECOND_NS
from gorae.hub.services import Services
from gorae.hub.tables import audit as audit_rows

MAX_LINES = 10_000


def invite(services: Services, order: Order) -> None:
    """A code that lets one person sign up."""
    say(services.accounts.invite(order.text("note"), CONSOLE))


def gc(services: Services, order: Order) -> None:
    """One pass of the collector; a running server goes on meanwhile."""
    ages = {
        key: int(order.options[key]) // SECOND_NS if key in order.options else -1
        for key in ("unused_after", "untagged_after")
    }
    done = services.collector.collect(
        unused_after_s=ages["unused_after"], untagged_after_s=ages["untagged_after"]
    )
    say(
        f"removed {done.blobs} blobs, {done.links} unused links, {done.manifests} untagged manifests, "
        f"{done.uploads} abandoned uploads"
    )


def audit(services: Services, order: Order) -> None:
    """The log's last lines, oldest first."""
    count = int(order.options.get("tail", 50))
    if not 0 < count <= MAX_LINES:
        raise InvalidArgument(f"--tail wants 1 to {MAX_LINES}, found {count}")
    account = order.text("user")
    rows = services.facts.read(lambda tx: audit_rows.newest(tx, count, account))
    show(
        ("TIME", "ACCOUNT", "ADDRESS", "ACTION", "OBJECT", "DETAIL"),
        [
            (when(one.at_ns), one.account or "-", one.address, one.action, one.object, one.detail)
            for one in reversed(rows)
        ],
    )


def rotate(services: Services, order: Order) -> None:
    """A new signing key; what the older ones signed stays good until it ends."""
    del order
    say(services.bearer.rotate())
