"""A blob being written: hashed on its way, committed by the protocol, gone without a trace otherwise.

`Resumed` is the exception: its file bears the digest that is expected, and stays when the work broke off.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from gorae.errors import InvalidArgument, Unavailable
from gorae.oci.digest import Digest
from gorae.store.db import NO_SPACE, Database, Tx
from gorae.store.lease import Lease

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where blobs are written, and how they become blobs: `put(tx, path, digest, size)` in a transaction.

    `drop(digests)` unlinks what has no row; `writing` has the names of the ingests under way in this process.
    """

    directory: Path
    put: Callable[[Tx, Path, str, int], None]
    drop: Callable[[Sequence[str]], None]
    db: Database
    writing: set[str] = field(default_factory=set)


class Ingest:
    """One blob being written; a context that leaves nothing behind unless committed."""

    def __init__(
        self, place: Place, expected_digest: str, expected_size: int, lease: Lease | None
    ) -> None:
        self._place = place
        self._expected_digest = expected_digest
        self._expected_size = expected_size
        self._lease = lease
        self._hash = hashlib.sha256()
        self.size = 0
        self.path = self._choose_path()
        place.writing.add(self.path.name)
        try:
            self._file: IO[bytes] = self._open()
        except OSError as error:
            place.writing.discard(self.path.name)
            raise disk_error(error) from error

    def _choose_path(self) -> Path:
        return self._place.directory / secrets.token_hex(8)

    def _open(self) -> IO[bytes]:
        return self.path.open("xb", buffering=0)

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

        Held by a lease, its row need not be on the disk yet: whatever comes to count on it is written later, durably,
        and the log keeps their order; until then a power cut makes the file garbage, as the lease's end would.

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
            self._place.db.write(lambda tx: self._record(tx, digest), durable=self._lease is None)
        except Unavailable:  # renamed, but not recorded
            with contextlib.suppress(Unavailable):
                self._place.drop([digest])
            raise
        return digest

    def _record(self, tx: Tx, digest: str) -> None:
        self._place.put(tx, self.path, digest, self.size)
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
        self._place.writing.discard(self.path.name)


class Resumed(Ingest):
    """A blob of which a part may be here already; what was written stays unless it is committed or discarded.

    One at a time writes it: a second one waits for the lock on the file. Before commit `size` says how far it is.
    """

    def __init__(self, place: Place, digest: str, size: int, lease: Lease) -> None:
        super().__init__(place, digest, size, lease)
        self._catch_up()

    def _choose_path(self) -> Path:
        return self._place.directory / f"{self._expected_digest.partition(':')[2]}.part"

    def _open(self) -> IO[bytes]:
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            file = os.fdopen(fd, "r+b", buffering=0)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _is_at(self.path, fd):
                return file
            file.close()  # who had it before has committed or discarded it

    def _catch_up(self) -> None:
        """The hash of what is here."""
        while data := self._file.read(PIECE):
            self._hash.update(data)
            self.size += len(data)
        if self.size > self._expected_size:
            self.restart()

    def restart(self) -> None:
        """From the beginning: what is here is of no use."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def discard(self) -> None:
        """Nobody will go on with it."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Resumed":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.size:
            self.discard()
        self._file.close()
        self._place.writing.discard(self.path.name)


def _is_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def fsync_directory(path: Path) -> None:
    """Make a rename in a directory last."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class StoreFull(Unavailable):
    """There is no room for the blob."""


def disk_error(error: OSError) -> Unavailable:
    """A full disk or a broken one, in a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(NO_SPACE)
    return Unavailable(f"the store cannot be written: {(error.strerror or str(error)).lower()}")
