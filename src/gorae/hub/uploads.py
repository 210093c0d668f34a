"""Upload sessions: bytes come in order, in one request or many; whole and verified they become a blob.

    start -> [receive ... end]* -> finish(digest)        or cancel

The digest is computed as bytes go by. Where this process has not seen them all (it was started anew, or another
replica took a part), they are read again at the end.
"""

import contextlib
import hashlib
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from gorae.errors import Conflict
from gorae.hub import clock, quota
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.fault import DigestInvalid, RangeInvalid, TooLarge, TooMany, UploadUnknown
from gorae.hub.storage.storage import Storage, Writer
from gorae.hub.tables import holdings, uploads
from gorae.hub.tables.uploads import Upload
from gorae.store.db import Tx
from gorae.store.tables import content

HASHES_KEPT = 4096
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Uploads:
    """All sessions of this process."""

    def __init__(self, facts: Facts, storage: Storage, config: Config) -> None:
        self._facts = facts
        self._storage = storage
        self._config = config
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._hashes: dict[str, tuple[int, hashlib._Hash]] = {}

    def start(self, repository: str, caller: Caller) -> Upload:
        """A new session.

        Raises:
            TooMany: the account has as many as it may. Unavailable: no room.
        """
        now = clock.now_ns()
        one = Upload(str(uuid.uuid4()), repository, caller.account, 0, "", now, now)
        one = replace(one, state=self._storage.start(one.id))

        def write(tx: Tx) -> None:
            if uploads.count_of(tx, caller.account) >= self._config.max_uploads_per_account:
                raise TooMany(f'"{caller.account}" has too many open uploads', 60)
            uploads.insert(tx, one)

        try:
            self._facts.write(write, durable=False)
        except TooMany:
            self._storage.discard(one)
            raise
        self._hashes[one.id] = (0, hashlib.sha256())
        return one

    def get(self, repository: str, upload_id: str) -> Upload:
        """A session with what has arrived. Raises: UploadUnknown: none in that repository."""
        if not _ID.fullmatch(upload_id):
            raise UploadUnknown("no such upload")
        found = self._facts.read(lambda tx: uploads.get(tx, upload_id))
        if found is None or found.repository != repository:
            raise UploadUnknown(f'no such upload in "{repository}": it may have ended or expired')
        return replace(found, size_bytes=self._storage.arrived(found))

    @contextlib.contextmanager
    def alone(self, upload_id: str) -> Iterator[None]:
        """One request at a time. Raises: Conflict: another is at it."""
        with self._lock:
            if upload_id in self._busy:
                raise Conflict("another request is writing to this upload")
            self._busy.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(upload_id)

    def receive(self, upload: Upload, first: int | None) -> "Part":
        """A writer for the next bytes. Raises: RangeInvalid: `first` is not where the upload ended."""
        if first is not None and first != upload.size_bytes:
            raise RangeInvalid(
                f"the next chunk begins at byte {upload.size_bytes}, not at {first}",
                upload.size_bytes,
            )
        seen, digest = self._hashes.pop(upload.id, (-1, None))
        return Part(
            upload,
            self._storage.writer(upload),
            digest if seen == upload.size_bytes else None,
            self._config.max_blob_bytes,
        )

    def opened(self, upload: Upload) -> IO[bytes] | None:
        """What arrives of an upload, to be read as it does; None where the storage cannot do that."""
        return self._storage.opened(upload)

    def end(self, part: "Part") -> Upload:
        """The request's bytes have come, or it was cut: note what is here."""
        before, now = part.upload, clock.now_ns()
        state = part.writer.close()
        after = replace(before, size_bytes=part.size_bytes, state=state, updated_ns=now)
        done = self._facts.write(
            lambda tx: uploads.advance(tx, before, after.size_bytes, state, now), durable=False
        )
        if not done:
            raise Conflict("another request wrote to this upload")
        if part.hash is not None:
            if len(self._hashes) >= HASHES_KEPT:
                self._hashes.pop(next(iter(self._hashes)))
            self._hashes[after.id] = (after.size_bytes, part.hash)
        return after

    def finish(self, upload: Upload, digest: str) -> int:
        """All bytes have come: verify and link them; the blob's size.

        Raises:
            DigestInvalid: they have another digest; the upload is gone. TooLarge: over the quota.
            Unavailable: the disk is full.
        """
        seen, known = self._hashes.pop(upload.id, (-1, None))
        if known is None or seen != upload.size_bytes:
            known = hashlib.sha256()
            for piece in self._storage.pieces(upload):
                known.update(piece)
        found = f"sha256:{known.hexdigest()}"
        if found != digest:
            self.cancel(upload)
            raise DigestInvalid(f'the bytes sent have the digest "{found}", not "{digest}"')
        self._storage.seal(upload, digest)
        try:
            self._facts.write(lambda tx: self._record(tx, upload, digest))
        except TooLarge:
            self.cancel(upload)
            raise
        self._storage.discard(upload)
        return upload.size_bytes

    def _record(self, tx: Tx, upload: Upload, digest: str) -> None:
        if not uploads.delete(tx, upload.id):
            raise UploadUnknown("the upload was ended by another request")
        if holdings.size(tx, upload.repository, digest) is None:
            quota.check(tx, self._config, upload.repository, upload.size_bytes)
        if content.size(tx, digest) is None:
            self._storage.place(tx, upload, digest, upload.size_bytes)
        holdings.link(tx, upload.repository, digest, clock.now_ns())

    def cancel(self, upload: Upload) -> None:
        """Forget a session with its bytes."""
        self._facts.write(lambda tx: uploads.delete(tx, upload.id), durable=False)
        self._hashes.pop(upload.id, None)
        self._storage.discard(upload)

    def discard_leftovers(self) -> int:
        """At start: bytes of uploads that have no session, and of blobs that have no row."""
        return self._storage.leftovers(lambda: self._facts.read(uploads.ids))


class Part:
    """One request's bytes on their way."""

    def __init__(
        self, upload: Upload, writer: Writer, hash_: "hashlib._Hash | None", limit: int
    ) -> None:
        self.upload = upload
        self.writer = writer
        self.hash = hash_ if hash_ is not None or upload.size_bytes else hashlib.sha256()
        self.size_bytes = upload.size_bytes
        self._limit = limit

    def write(self, data: bytes) -> None:
        """Raises: TooLarge: more than a blob may have. Unavailable: no room left."""
        if self.size_bytes + len(data) > self._limit:
            raise TooLarge(f"a blob may have at most {self._limit} bytes here")
        self.writer.write(data)
        if self.hash is not None:
            self.hash.update(data)
        self.size_bytes += len(data)
