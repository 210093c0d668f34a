"""A push to a hub that serves the very store which we push from: blobs are linked there, not sent.

The hub says which store it serves; if it is ours, a proof that only who reads the store can make stands for a blob's
bytes. That the user may push there the hub has checked as for any other push.
"""

from collections.abc import Callable

from gorae.oci.digest import DiffId
from gorae.registry.repository import Repository
from gorae.registry.upload import Blob
from gorae.store import share
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import content


class Sharing:
    """Of one push; `is_on`: the repository is in our own store."""

    def __init__(self, store: Store, repository: Repository) -> None:
        self._store = store
        self._repository = repository
        self._secret = store.db.read(share.secret)
        name = share.store_name(self._secret) if self._secret else ""
        self.is_on = bool(name) and repository.store_name() == name

    def link(self, digest: str) -> bool:
        """Whether the repository has a blob of the store now, without its bytes having been sent."""
        if not self.is_on or not self._store.content.exists(digest):
            return False
        proof = share.proof(self._secret, self._repository.path, digest)
        return self._repository.link(digest, proof)

    def keep(
        self, diff_id: DiffId, blob: Blob, kind: str, lease: Lease, check: Callable[[], None]
    ) -> None:
        """Take a layer that was compressed just now into the store, for it to be linked. Raises: Unavailable."""
        with self._store.content.ingest(expected_digest=blob.digest, lease=lease) as one:
            for data in blob.read(0):
                check()
                one.write(data)
            one.commit()

        def write(tx: Tx) -> None:
            content.add_layer_blob(tx, diff_id, blob.digest, kind)

        self._store.db.write(write, durable=False)
