"""The audit log: one line for everything that changes what people may do or see."""

from gorae.hub import clock
from gorae.hub.caller import Caller
from gorae.hub.tables import audit
from gorae.store.db import Tx

MAX_DETAIL_CHARS = 300


def record(tx: Tx, caller: Caller, action: str, target: str, detail: str = "") -> None:
    """Add a line, in the transaction of the deed itself.

    Shape: action is `noun.verb` (`login.failed`, `manifest.push`, `token.create`, `member.set`, ...).
    """
    audit.insert(
        tx,
        clock.now_ns(),
        caller.account,
        caller.address,
        action,
        target[:MAX_DETAIL_CHARS],
        detail[:MAX_DETAIL_CHARS],
    )
