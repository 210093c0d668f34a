"""Small blobs whole: manifests and configs, written in one go, read through a cache."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from gorae.errors import DataLoss
from gorae.hub import clock
from gorae.hub.db import Facts
from gorae.hub.storage.storage import Storage
from gorae.hub.tables.uploads import Upload
from gorae.oci.digest import digest_of
from gorae.store.db import Tx
from gorae.store.tables import content

T = TypeVar("T")
CACHE_BYTES = 16 << 20
CACHED_AT_MOST = 1 << 20


class SmallBlobs:
    """See the module; immutable bytes by digest may be cached without end."""

    def __init__(self, facts: Facts, storage: Storage) -> None:
        self._facts = facts
        self._storage = storage
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached_bytes = 0

    def put(self, data: bytes, also: Callable[[Tx], T]) -> T:
        """Store a blob and do `also(tx)` in the transaction that makes it count."""
        digest, now = digest_of(data), clock.now_ns()
        if self._facts.read(lambda tx: content.size(tx, digest)) is not None:
            # It may be swept until the transaction; then it is not there, and comes the long way.
            done = self._facts.write(lambda tx: _if_there(tx, digest, also))
            if done is not None:
                return done[0]
        one = Upload(str(uuid4()), "", "", 0, "", now, now)
        one = _with_state(one, self._storage.start(one.id), 0)
        writer = self._storage.writer(one)
        writer.write(data)
        one = _with_state(one, writer.close(), len(data))
        self._storage.seal(one, digest)

        def write(tx: Tx) -> T:
            if content.size(tx, digest) is None:
                self._storage.place(tx, one, digest, len(data))
            return also(tx)

        try:
            return self._facts.write(write)
        finally:
            self._storage.discard(one)

    def read(self, digest: str, size_bytes: int) -> bytes:
        """A blob whole. Raises: DataLoss: its bytes are gone or changed."""
        cached = self._cache.get(digest)
        if cached is not None:
            return cached
        data = b"".join(self._storage.read(digest, 0, size_bytes))
        if digest_of(data) != digest:
            raise DataLoss(f'blob "{digest}": its bytes are not what its name says')
        if len(data) <= CACHED_AT_MOST:
            self._remember(digest, data)
        return data

    def _remember(self, digest: str, data: bytes) -> None:
        self._cache[digest] = data
        self._cached_bytes += len(data)
        while self._cached_bytes > CACHE_BYTES and self._cache:
            try:
                _, old = self._cache.popitem(last=False)
            except KeyError:
                break
            self._cached_bytes -= len(old)


def _with_state(one: Upload, state: str, size_bytes: int) -> Upload:
    return Upload(
        one.id, one.repository, one.account, size_bytes, state, one.started_ns, one.updated_ns
    )


def _if_there(tx: Tx, digest: str, also: Callable[[Tx], T]) -> tuple[T] | None:
    return (also(tx),) if content.size(tx, digest) is not None else None
