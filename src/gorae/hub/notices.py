"""What webhooks are told: a message for each push and each delete, queued in the transaction of the deed."""

import json
from typing import Any

from gorae.hub import clock
from gorae.hub.path import namespace_of
from gorae.hub.tables import webhooks
from gorae.store.db import Tx

PUSH, DELETE = "push", "delete"
EVENTS = (PUSH, DELETE)


def queue(tx: Tx, event: str, repository: str, account: str, facts: dict[str, Any]) -> None:
    """For every webhook of the repository's namespace that wants this event."""
    for hook in webhooks.of_namespace(tx, namespace_of(repository)):
        if event in hook.events.split():
            now = clock.now_ns()
            body = {
                "event": event,
                "repository": repository,
                "account": account,
                "at": now // clock.SECOND_NS,
                **facts,
            }
            webhooks.queue(tx, hook.id, json.dumps(body, separators=(",", ":")), now)
