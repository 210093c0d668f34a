"""Blobs by digest.

    content/blobs/sha256/ab/<64 hex>    immutable, 0400; the name is the truth
    content/ingest/<ref>                being written; invisible to readers

Commit: write -> fsync -> size and digest are what was promised -> in one transaction: rename, fsync the directory,
row. The collector unlinks files in transactions too, so that it cannot take a file away between another's rename and
its row. A file without a row is garbage, a row without its file is DataLoss. Two who bring the same blob both succeed.
"""

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from gorae.errors import DataLoss, InvalidArgument, NotFound, Unavailable
from gorae.oci.digest import Digest
from gorae.store.db import Database, Tx
from gorae.store.lease import Lease
from gorae.store.tables import content as rows

MAX_READ_BYTES = 64 << 20
SWEEP_BATCH = 64


class ContentStore:
    """All blobs of one store."""

    def __init__(self, root: Path, db: Database) -> None:
        self._blobs = root / "blobs" / "sha256"
        self._ingest = root / "ingest"
        self._db = db
        self.writing: set[str] = set()
        """Names of the ingests under way in this process."""
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._ingest.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, digest: str) -> Path:
        """Where the blob of a digest is, or would be."""
        hexadecimal = digest.partition(":")[2]
        return self._blobs / hexadecimal[:2] / hexadecimal

    def exists(self, digest: str) -> bool:
        """Whether the blob is here and whole."""
        return self._db.read(lambda tx: rows.size(tx, digest)) is not None

    def size(self, digest: str) -> int:
        """Bytes of a blob. Raises: NotFound."""
        found = self._db.read(lambda tx: rows.size(tx, digest))
        if found is None:
            raise NotFound(f'blob "{digest}" is not in the store')
        return found

    def open(self, digest: str) -> BinaryIO:
        """A reader of a blob. Raises: NotFound: no row. DataLoss: a row without its file."""
        size = self.size(digest)
        try:
            file = self.path(digest).open("rb")
        except FileNotFoundError:
            raise DataLoss(f'blob "{digest}" is recorded, but its file is gone') from None
        if os.fstat(file.fileno()).st_size != size:
            file.close()
            raise DataLoss(f'blob "{digest}": wanted {size} bytes, the file has another size')
        return file

    def read(self, digest: str) -> bytes:
        """A small blob whole, verified. Raises: NotFound, DataLoss, InvalidArgument: too large."""
        with self.open(digest) as file:
            data = file.read(MAX_READ_BYTES + 1)
        if len(data) > MAX_READ_BYTES:
            raise InvalidArgument(f'blob "{digest}" is too large to be read whole')
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise DataLoss(f'blob "{digest}": its bytes are not what its name says')
        return data

    def ingest(
        self, *, expected_digest: str = "", expected_size: int = -1, lease: Lease | None = None
    ) -> "Ingest":
        """A new blob's writer; a context manager that leaves nothing behind unless committed."""
        return Ingest(self, self._db, self._ingest, expected_digest, expected_size, lease)

    def put(self, data: bytes, lease: Lease | None = None) -> Digest:
        """Store a small blob."""
        with self.ingest(lease=lease) as one:
            one.write(data)
            return one.commit()

    def discard_ingests(self) -> int:
        """At start: remove what was being written when the last daemon died; how many."""
        found = self.stale_ingests()
        for one in found:
            one.unlink(missing_ok=True)
        return len(found)

    def stale_ingests(self) -> list[Path]:
        """What is being written, but by nobody of this process."""
        found = list(self._ingest.iterdir())
        return [one for one in found if one.name not in self.writing]

    def files(self) -> list[Path]:
        """Every blob's file."""
        return [one for folder in self._blobs.iterdir() for one in folder.iterdir()]

    def place(self, tx: Tx, path: Path, digest: str, size_bytes: int) -> None:
        """Inside a transaction: a file that was verified and synced becomes the blob of its digest.

        Raises:
            Unavailable: the disk is full.
        """
        target = self.path(digest)
        try:
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True, mode=0o700)
                fsync_directory(target.parent.parent)
            path.rename(target)
            fsync_directory(target.parent)
        except OSError as error:
            raise disk_error(error) from error
        rows.insert(tx, digest, size_bytes)

    def delete_files(self, digests: Sequence[str]) -> None:
        """The sweep's second half: the rows are gone, unless somebody has brought a blob anew since."""
        for first in range(0, len(digests), SWEEP_BATCH):
            batch = digests[first : first + SWEEP_BATCH]
            self._db.write(lambda tx, batch=batch: self._unlink(tx, batch), durable=False)  # type: ignore[misc]

    def _unlink(self, tx: Tx, digests: Sequence[str]) -> None:
        for digest in digests:
            if rows.size(tx, digest) is None:
                self.path(digest).unlink(missing_ok=True)

    def forget(self, digest: str) -> None:
        """Give a broken blob up, so that it can be brought again."""
        self._db.write(lambda tx: rows.delete(tx, digest))
        self.delete_files([digest])


class Ingest:
    """A blob being written."""

    def __init__(
        self,
        store: ContentStore,
        db: Database,
        directory: Path,
        expected_digest: str,
        expected_size: int,
        lease: Lease | None,
    ) -> None:
        self._store = store
        self._db = db
        self._expected_digest = expected_digest
        self._expected_size = expected_size
        self._lease = lease
        self._hash = hashlib.sha256()
        self.size = 0
        self.path = directory / secrets.token_hex(8)
        store.writing.add(self.path.name)
        try:
            self._file = self.path.open("xb", buffering=0)
        except OSError as error:
            store.writing.discard(self.path.name)
            raise disk_error(error) from error

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes.

        Raises:
            Unavailable: the disk is full. InvalidArgument: more than was promised.
        """
        self.size += len(data)
        if 0 <= self._expected_size < self.size:
            raise InvalidArgument(
                f'blob "{self._expected_digest}": wanted {self._expected_size} bytes, found more'
            )
        self._hash.update(data)
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise disk_error(error) from error

    def commit(self) -> Digest:
        """Make the blob count; its digest.

        Raises:
            InvalidArgument: size or digest are not what was promised. Unavailable: the disk is full.
        """
        digest = Digest(f"sha256:{self._hash.hexdigest()}")
        if self._expected_size >= 0 and self.size != self._expected_size:
            raise InvalidArgument(
                f'blob "{self._expected_digest}": wanted {self._expected_size} bytes, found {self.size}'
            )
        if self._expected_digest and digest != self._expected_digest:
            raise InvalidArgument(
                f'blob "{self._expected_digest}": its bytes have the digest "{digest}"'
            )
        try:
            os.fchmod(self._file.fileno(), 0o400)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error) from error
        try:
            self._db.write(lambda tx: self._record(tx, digest))
        except Unavailable:  # renamed, but not recorded
            with contextlib.suppress(Unavailable):
                self._store.delete_files([digest])
            raise
        return digest

    def _record(self, tx: Tx, digest: str) -> None:
        self._store.place(tx, self.path, digest, self.size)
        if self._lease is not None:
            self._lease.hold(tx, "content", digest)

    def __enter__(self) -> "Ingest":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._store.writing.discard(self.path.name)


def fsync_directory(path: Path) -> None:
    """Make a rename in a directory last."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def disk_error(error: OSError) -> Unavailable:
    """A full disk or a broken one, in a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable("no space left on device: free some and try again")
    return Unavailable(f"the store cannot be written: {(error.strerror or str(error)).lower()}")
