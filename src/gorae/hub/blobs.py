"""Blobs as a repository shows them: what it links, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gorae.hub import audit, clock, quota
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.fault import BlobInUse, BlobUnknown
from gorae.hub.storage.storage import Storage
from gorae.hub.tables import holdings, manifests
from gorae.store.db import Tx
from gorae.store.tables import content

TOUCH_AFTER_NS = 3600 * clock.SECOND_NS


@dataclass(frozen=True, slots=True)
class Blob:
    """One that may be read: `path` where it is a file, `location` where the client may fetch it itself."""

    digest: str
    size_bytes: int
    path: Path | None
    location: str


class Blobs:
    """See the module."""

    def __init__(self, facts: Facts, storage: Storage, config: Config) -> None:
        self._facts = facts
        self._storage = storage
        self._config = config

    def get(self, repository: str, digest: str) -> Blob:
        """Raises: BlobUnknown: the repository does not link it."""
        size = self._facts.read(lambda tx: holdings.size(tx, repository, digest))
        if size is None:
            raise BlobUnknown(f'"{repository}" has no blob "{digest}"')
        return Blob(digest, size, self._storage.path(digest), self._storage.redirect(digest))

    def keep(self, repository: str, digest: str) -> None:
        """Somebody who may push has seen a link: it is as if made now, so that it outlives the push."""
        linked_ns = self._facts.read(lambda tx: holdings.linked_ns(tx, repository, digest))
        now = clock.now_ns()
        if linked_ns is not None and linked_ns + TOUCH_AFTER_NS < now:
            self._facts.write(lambda tx: _relink(tx, repository, digest, now))

    def read(self, digest: str, first: int, end: int) -> Iterator[bytes]:
        """Bytes of a blob."""
        return self._storage.read(digest, first, end)

    def mount(self, repository: str, digest: str, source: str) -> bool:
        """Link what another repository links, which the caller may pull from; False when that one does not."""

        def write(tx: Tx) -> bool:
            size = holdings.size(tx, source, digest)
            return size is not None and self._link(tx, repository, digest, size)

        return self._facts.write(write)

    def link(self, repository: str, digest: str) -> bool:
        """Link a blob that the store has and the caller has shown to have too; False when it is not there."""

        def write(tx: Tx) -> bool:
            size = content.size(tx, digest)
            return size is not None and self._link(tx, repository, digest, size)

        return self._facts.write(write)

    def _link(self, tx: Tx, repository: str, digest: str, size_bytes: int) -> bool:
        if holdings.size(tx, repository, digest) is None:
            quota.check(tx, self._config, repository, size_bytes)
        holdings.link(tx, repository, digest, clock.now_ns())
        return True

    def delete(self, repository: str, digest: str, caller: Caller) -> None:
        """Raises: BlobUnknown. BlobInUse: a manifest of the repository refers to it."""

        def write(tx: Tx) -> None:
            if holdings.size(tx, repository, digest) is None:
                raise BlobUnknown(f'"{repository}" has no blob "{digest}"')
            user = manifests.user_of(tx, repository, digest)
            if user or manifests.get(tx, repository, digest):
                raise BlobInUse(
                    f'blob "{digest}" is needed by the manifest "{user or digest}": delete that'
                )
            holdings.unlink(tx, repository, digest)
            audit.record(tx, caller, "blob.delete", repository, digest)

        self._facts.write(write)


def _relink(tx: Tx, repository: str, digest: str, now_ns: int) -> None:
    if holdings.size(tx, repository, digest) is not None:
        holdings.link(tx, repository, digest, now_ns)
