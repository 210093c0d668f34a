"""Blobs by digest.

    content/blobs/sha256/ab/<64 hex>    immutable, 0400; the name is the truth
    content/ingest/<16 hex>             being written; invisible to readers
    content/ingest/<64 hex>.part        the beginning of a blob that broke off on its way here; as invisible

Commit: write -> fsync -> size and digest are what was promised -> in one transaction: rename, fsync the directory,
row. The collector unlinks files in transactions too, so that it cannot take a file away between another's rename and
its row. A file without a row is garbage, a row without its file is DataLoss. Two who bring the same blob both succeed.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from gorae.errors import DataLoss, InvalidArgument, NotFound
from gorae.oci.digest import Digest
from gorae.store.db import Database, Tx
from gorae.store.ingest import Ingest, Place, Resumed, disk_error, fsync_directory
from gorae.store.lease import Lease
from gorae.store.tables import content as rows

MAX_READ_BYTES = 64 << 20
PART_LIFETIME_S = 24 * 3600
"""So long the beginning of a blob is kept for whoever tries again."""
SWEEP_BATCH = 64


class ContentStore:
    """All blobs of one store."""

    def __init__(self, root: Path, db: Database) -> None:
        self.make_room: Callable[[], None] = lambda: None
        """Called before something is stored: what can be spared gives way when the room is short."""
        self._blobs = root / "blobs" / "sha256"
        self._ingest = root / "ingest"
        self._db = db
        self._places = Place(self._ingest, self.place, self.delete_files, db)
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._ingest.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, digest: str) -> Path:
        """Where the blob of a digest is, or would be."""
        hexadecimal = digest.partition(":")[2]
        return self._blobs / hexadecimal[:2] / hexadecimal

    def exists(self, digest: str) -> bool:
        """Whether the blob is here and whole."""
        return self._db.read(lambda tx: rows.size(tx, digest)) is not None

    def has_any(self) -> bool:
        """Whether a blob is recorded."""
        return self._db.read(lambda tx: next(iter(rows.all_rows(tx)), None)) is not None

    def hold(self, digest: str, lease: Lease) -> bool:
        """Keep a blob by a lease; whether it is here."""

        def write(tx: Tx) -> bool:
            lease.hold(tx, "content", digest)
            return rows.size(tx, digest) is not None

        return self._db.write(write, durable=False)

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
        self.make_room()
        return Ingest(self._places, expected_digest, expected_size, lease)

    def resume(self, digest: str, size: int, lease: Lease) -> Resumed:
        """As `ingest`, of a blob of which a part may be here already; what is not committed stays for the next try."""
        self.make_room()
        return Resumed(self._places, digest, size, lease)

    def put(self, data: bytes, lease: Lease | None = None) -> Digest:
        """Store a small blob."""
        with self.ingest(lease=lease) as one:
            one.write(data)
            return one.commit()

    def discard_ingests(self) -> int:
        """At start: remove what was being written when the last daemon died; how many. Fresh parts stay."""
        found = self.stale_ingests()
        for one in found:
            one.unlink(missing_ok=True)
        return len(found)

    def stale_ingests(self) -> list[Path]:
        """What is being written, but by nobody of this process; not the parts that somebody may go on with."""
        oldest = time.time() - PART_LIFETIME_S
        return [
            one
            for one in self._ingest.iterdir()
            if one.name not in self._places.writing
            and (one.suffix != ".part" or one.stat().st_mtime < oldest)
        ]

    def files(self) -> list[Path]:
        """Every blob's file."""
        return [one for folder in self._blobs.iterdir() for one in folder.iterdir()]

    def discard_strays(self) -> int:
        """At start: remove files without a row, whose commit was cut off after the rename; how many."""
        found = [f"sha256:{path.name}" for path in self.files()]
        rows_now = self._db.read(lambda tx: {digest for digest, _ in rows.all_rows(tx)})
        strays = [one for one in found if one not in rows_now]
        self.delete_files(strays)
        return len(strays)

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
            _rename_once(path, target)
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


def _rename_once(path: Path, target: Path) -> None:
    """A transaction that found the disk full is tried again as a whole: the file may be at its place already."""
    try:
        path.rename(target)
    except FileNotFoundError:
        if not target.exists():
            raise
