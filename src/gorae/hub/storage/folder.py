"""Bytes in a folder: uploads under `hub/uploads/`, blobs in the store's `content/`.

An upload's file grows as bytes come, in place; its length is what has arrived. When it is whole and verified it is
synced, renamed into the store and recorded, in this order, by the store's own commit protocol.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from gorae.errors import DataLoss
from gorae.hub.storage.storage import PIECE
from gorae.hub.tables.uploads import Upload
from gorae.store.content import ContentStore
from gorae.store.db import Tx
from gorae.store.ingest import disk_error


class FolderStorage:
    """See the module."""

    def __init__(self, root: Path, content: ContentStore) -> None:
        self._uploads = root / "hub" / "uploads"
        self._uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._content = content

    def _file(self, upload_id: str) -> Path:
        return self._uploads / upload_id

    def start(self, upload_id: str) -> str:
        """An empty file."""
        try:
            os.close(os.open(self._file(upload_id), os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise disk_error(error) from error
        return ""

    def writer(self, upload: Upload) -> "FolderWriter":
        """At the file's end, which is cut to what the row says."""
        return FolderWriter(self._file(upload.id), upload.size_bytes)

    def arrived(self, upload: Upload) -> int:
        """The file's length."""
        with contextlib.suppress(FileNotFoundError):
            return self._file(upload.id).stat().st_size
        return 0

    def opened(self, upload: Upload) -> IO[bytes] | None:
        """The file, which keeps its bytes when it is renamed or removed."""
        return self._file(upload.id).open("rb")

    def pieces(self, upload: Upload) -> Iterator[bytes]:
        """From the file."""
        with self._file(upload.id).open("rb") as file:
            while data := file.read(PIECE):
                yield data

    def seal(self, upload: Upload, digest: str) -> None:
        """Read-only, and on the disk."""
        del digest
        try:
            fd = os.open(self._file(upload.id), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fchmod(fd, 0o400)
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise disk_error(error) from error

    def place(self, tx: Tx, upload: Upload, digest: str, size_bytes: int) -> None:
        """Renamed into the store."""
        self._content.place(tx, self._file(upload.id), digest, size_bytes)

    def discard(self, upload: Upload) -> None:
        """The file goes."""
        self._file(upload.id).unlink(missing_ok=True)

    def path(self, digest: str) -> Path | None:
        """The store's file."""
        return self._content.path(digest)

    def redirect(self, digest: str) -> str:
        """Never."""
        del digest
        return ""

    def read(self, digest: str, first: int, end: int) -> Iterator[bytes]:
        """From the store's file."""
        try:
            file = self._content.path(digest).open("rb")
        except FileNotFoundError:
            raise DataLoss(f'blob "{digest}" is recorded, but its file is gone') from None
        with file:
            file.seek(first)
            while first < end and (data := file.read(min(PIECE, end - first))):
                first += len(data)
                yield data

    def remove(self, digests: Sequence[str]) -> None:
        """By the store's rule."""
        self._content.delete_files(digests)

    def leftovers(self, known: Callable[[], set[str]]) -> int:
        """Files without a row; of blobs those that a collector did not get to before it died.

        A database that knows no blob at all may be another than the folder's: then all of them stay.
        """
        found = {one.name for one in self._uploads.iterdir()}
        stray = found - known()
        for name in stray:
            self._file(name).unlink(missing_ok=True)
        strays = self._content.discard_strays() if self._content.has_any() else 0
        return len(stray) + strays


class FolderWriter:
    """The end of an upload's file."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._fd, size_bytes)
            os.lseek(self._fd, size_bytes, os.SEEK_SET)
        except OSError as error:
            raise disk_error(error) from error

    def write(self, data: bytes) -> None:
        """Raises: Unavailable: the disk is full."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            raise disk_error(error) from error

    def close(self) -> str:
        """Nothing to note."""
        os.close(self._fd)
        return ""
