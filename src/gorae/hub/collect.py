"""The collector while serving: what nothing reaches goes, and nothing reachable ever does.

One pass: uploads that nobody goes on with; links of blobs that were pushed long ago and that no manifest of their
repository came to need; on request, manifests without a tag; then the store's own mark and sweep. A link is the lease
of a push under way: it is as old as its last use by somebody who may push. Rows go first, in transactions that
exclude every other writer; bytes after, and only where no new row has come.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gorae.hub import audit, clock
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.storage.storage import Storage
from gorae.hub.tables import audit as audit_rows
from gorae.hub.tables import credentials, holdings, manifests, uploads
from gorae.store.db import Tx

DAY_NS = 86400 * clock.SECOND_NS
KEYS_KEPT_NS = 365 * DAY_NS
NOBODY = Caller("", "collector")


@dataclass(frozen=True, slots=True)
class Collected:
    """What a pass removed."""

    uploads: int = 0
    links: int = 0
    manifests: int = 0
    blobs: int = 0


class Collector:
    """See the module; `sweep` deletes the rows of dead blobs and says which they were."""

    def __init__(
        self,
        facts: Facts,
        storage: Storage,
        config: Config,
        sweep: Callable[[Tx, int], list[str]],
    ) -> None:
        self._facts = facts
        self._storage = storage
        self._config = config
        self._sweep = sweep

    def collect(self, *, unused_after_s: int = -1, untagged_after_s: int = -1) -> Collected:
        """One pass; the ages are the configuration's where negative."""
        now = clock.now_ns()
        unused = self._config.unused_after_s if unused_after_s < 0 else unused_after_s
        untagged = self._config.untagged_after_s if untagged_after_s < 0 else untagged_after_s
        before_ns = now - unused * clock.SECOND_NS
        idle = self._facts.read(lambda tx: uploads.idle_since(tx, before_ns))
        for one in idle:
            self._facts.write(lambda tx, one=one: uploads.delete(tx, one.id))  # type: ignore[misc]
            self._storage.discard(one)
        dropped = 0
        if untagged >= 0:
            untagged_ns = now - untagged * clock.SECOND_NS
            dropped = self._facts.write(lambda tx: _drop_untagged(tx, untagged_ns))
        links = self._facts.write(lambda tx: holdings.drop_unused(tx, before_ns))
        dead = self._facts.write(lambda tx: self._sweep(tx, now))
        self._storage.remove(dead)
        return Collected(len(idle), links, dropped, len(dead))

    def tidy(self) -> None:
        """Drop old lines of the log, credentials that have run out, keys that can verify nothing any more."""
        now = clock.now_ns()

        def write(tx: Tx) -> None:
            audit_rows.delete_before(tx, now - self._config.audit_days * DAY_NS)
            credentials.delete_expired(tx, now)
            credentials.delete_failures_before(tx, now - DAY_NS)
            keys = credentials.keys(tx)
            if len(keys) > 1:
                credentials.delete_keys_before(tx, min(keys[0][2], now - KEYS_KEPT_NS))

        self._facts.write(write)


def _drop_untagged(tx: Tx, before_ns: int) -> int:
    found = manifests.untagged(tx, before_ns)
    for repository, digest in found:
        manifests.delete(tx, repository, digest)
        holdings.unlink(tx, repository, digest)
        audit.record(tx, NOBODY, "manifest.expire", f"{repository}@{digest}")
    return len(found)
