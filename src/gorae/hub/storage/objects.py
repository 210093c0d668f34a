"""Bytes in an S3-compatible store.

    blobs/<upload id>         a blob, or one that will be: where it was uploaded it stays, nothing is ever copied
    uploads/<upload id>       the end of an upload that is too short for a part yet

Which object is which digest's is a row (`hub_object`). An object belongs to one upload alone, so that a blob that is
brought anew while the collector removes the old one is another object: neither can take the other's away. The note in
the upload's row: the multipart upload's id and the tags of its parts; an object that is small is written in one go.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from gorae.errors import DataLoss, NotFound
from gorae.hub.db import Facts
from gorae.hub.storage.bucket import Bucket
from gorae.hub.tables import objects
from gorae.hub.tables.uploads import Upload
from gorae.store.db import Tx
from gorae.store.tables import content

PART_BYTES = 8 << 20
SMALLEST_PART_BYTES = 5 << 20
REDIRECT_S = 600


class ObjectStorage:
    """See the module."""

    def __init__(self, facts: Facts, bucket: Bucket, *, redirect: bool) -> None:
        self._facts = facts
        self._bucket = bucket
        self._redirect = redirect

    def start(self, upload_id: str) -> str:
        """Nothing yet."""
        del upload_id
        return _note("", [], 0)

    def writer(self, upload: Upload) -> "ObjectWriter":
        """With the short end of what came before."""
        return ObjectWriter(self._bucket, upload)

    def arrived(self, upload: Upload) -> int:
        """What the row says: what came after it was lost with the process that held it."""
        return upload.size_bytes

    def opened(self, upload: Upload) -> IO[bytes] | None:
        """None: its parts are objects."""
        del upload
        return None

    def pieces(self, upload: Upload) -> Iterator[bytes]:
        """Of the sealed object; an upload is sealed first when its bytes are wanted again."""
        self._complete(upload)
        yield from self._bucket.read(_blob(upload.id), 0, upload.size_bytes)

    def seal(self, upload: Upload, digest: str) -> None:
        """The last part, and all put together."""
        del digest
        self._complete(upload)

    def _complete(self, upload: Upload) -> None:
        note = json.loads(upload.state)
        try:
            tail = self._bucket.get(_tail(upload.id)) if note["tail"] else b""
        except NotFound:
            return  # sealed already
        if not note["id"]:
            self._bucket.put(_blob(upload.id), tail)
            return
        tags = list(note["parts"])
        if tail:
            tags.append(self._bucket.put_part(_blob(upload.id), note["id"], len(tags) + 1, tail))
        with contextlib.suppress(NotFound):  # put together already
            self._bucket.complete(_blob(upload.id), note["id"], tags)
        self._bucket.delete(_tail(upload.id))

    def place(self, tx: Tx, upload: Upload, digest: str, size_bytes: int) -> None:
        """A row; the object is where it is."""
        content.insert(tx, digest, size_bytes)
        objects.insert(tx, _blob(upload.id), digest)

    def discard(self, upload: Upload) -> None:
        """What is left of an upload; its object goes unless it became a blob's."""
        note = json.loads(upload.state)
        key = _blob(upload.id)
        if self._facts.read(lambda tx: objects.is_live(tx, key)):
            self._bucket.delete(_tail(upload.id))
            return
        if note["id"]:
            self._bucket.abort(key, note["id"])
        self._bucket.delete(_tail(upload.id))
        self._bucket.delete(key)

    def path(self, digest: str) -> Path | None:
        """None."""
        del digest
        return None

    def redirect(self, digest: str) -> str:
        """Signed, for a while."""
        if not self._redirect:
            return ""
        return self._bucket.presigned(self._key(digest), REDIRECT_S)

    def _key(self, digest: str) -> str:
        key = self._facts.read(lambda tx: objects.of_digest(tx, digest))
        if key is None:
            raise DataLoss(f'blob "{digest}" is recorded, but nobody knows its object')
        return key

    def read(self, digest: str, first: int, end: int) -> Iterator[bytes]:
        """From its object."""
        key = self._key(digest)
        try:
            yield from self._bucket.read(key, first, end)
        except NotFound:
            raise DataLoss(f'blob "{digest}" is recorded, but its object is gone') from None

    def remove(self, digests: Sequence[str]) -> None:
        """Mark the objects of dead digests in the transaction that finds no row for them, then delete them.

        Objects that were marked and not deleted, since the process died between, go too.
        """

        def write(tx: Tx) -> list[str]:
            for digest in digests:
                if content.size(tx, digest) is None:
                    objects.mark_removed(tx, digest)
            return objects.removed(tx)

        for key in self._facts.write(write):
            self._bucket.delete(key)
            self._facts.write(lambda tx, key=key: objects.delete(tx, key))  # type: ignore[misc]

    def leftovers(self, known: Callable[[], set[str]]) -> int:
        """None: an upload's row is written before its first byte, and goes after its last."""
        del known
        return 0


class ObjectWriter:
    """Gathers parts; what is too short for one is kept aside at the end."""

    def __init__(self, bucket: Bucket, upload: Upload) -> None:
        self._bucket = bucket
        self._upload = upload
        note: dict[str, Any] = json.loads(upload.state)
        self._multipart: str = note["id"]
        self._tags: list[str] = list(note["parts"])
        self._had_tail: int = note["tail"]
        self._held = bytearray(bucket.get(_tail(upload.id)) if self._had_tail else b"")

    def write(self, data: bytes) -> None:
        """Raises: Unavailable: the object store does not answer."""
        self._held += data
        while len(self._held) >= PART_BYTES:
            self._send(PART_BYTES)

    def _send(self, size: int) -> None:
        key = _blob(self._upload.id)
        if not self._multipart:
            self._multipart = self._bucket.begin(key)
        part = bytes(self._held[:size])
        self._tags.append(self._bucket.put_part(key, self._multipart, len(self._tags) + 1, part))
        del self._held[:size]

    def close(self) -> str:
        """The note with the parts sent; the end goes aside unless it is long enough for a part."""
        if len(self._held) >= SMALLEST_PART_BYTES:
            self._send(len(self._held))
        if self._held:
            self._bucket.put(_tail(self._upload.id), bytes(self._held))
        return _note(self._multipart, self._tags, len(self._held))


def _note(multipart: str, tags: list[str], tail: int) -> str:
    return json.dumps({"id": multipart, "parts": tags, "tail": tail})


def _blob(upload_id: str) -> str:
    return f"blobs/{upload_id}"


def _tail(upload_id: str) -> str:
    return f"uploads/{upload_id}"
