"""Quotas: what the repositories of a namespace may hold together, each blob counted once."""

from gorae.hub.config import Config
from gorae.hub.fault import TooLarge
from gorae.hub.path import namespace_of
from gorae.hub.tables import accounts, holdings
from gorae.store.db import Tx


def limit_of(tx: Tx, namespace: str, default_bytes: int) -> int:
    """A namespace's limit; -1 for none."""
    owner = accounts.get(tx, namespace) if namespace else None
    if owner is None:
        return -1
    return owner.quota_bytes if owner.quota_bytes >= 0 else default_bytes


def check(tx: Tx, config: Config, repository: str, more_bytes: int) -> None:
    """Raises: TooLarge: `more_bytes` more would be too many."""
    namespace = namespace_of(repository)
    limit = limit_of(tx, namespace, config.quota_bytes)
    if limit < 0:
        return
    used = holdings.bytes_of_namespace(tx, namespace)
    if used + more_bytes > limit:
        raise TooLarge(
            f'the quota of "{namespace}" is {limit} bytes: {used} are used, {more_bytes} more were sent; '
            "delete images or ask the hub's administrator"
        )
