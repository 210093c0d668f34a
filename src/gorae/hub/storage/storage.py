"""What a storage does, and the note that it keeps in an upload's row."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol

from gorae.hub.tables.uploads import Upload
from gorae.store.db import Tx

PIECE = 1 << 20


class Writer(Protocol):
    """One request's part of an upload, written from where the upload ended."""

    def write(self, data: bytes) -> None:
        """Add bytes. Raises: Unavailable: no room left, or the storage does not answer."""

    def close(self) -> str:
        """End this part; the upload's new state."""


class Storage(Protocol):
    """All functions block."""

    def start(self, upload_id: str) -> str:
        """Room for a new upload; its state."""

    def writer(self, upload: Upload) -> Writer:
        """Go on with an upload."""

    def arrived(self, upload: Upload) -> int:
        """Bytes of an upload that are here; more than its row says when the hub died while it wrote."""

    def opened(self, upload: Upload) -> IO[bytes] | None:
        """An upload's bytes as a file that grows while they come; None: they are in no file."""

    def pieces(self, upload: Upload) -> Iterator[bytes]:
        """An upload's bytes again, from the first."""

    def seal(self, upload: Upload, digest: str) -> None:
        """All bytes are here and verified: make them last."""

    def place(self, tx: Tx, upload: Upload, digest: str, size_bytes: int) -> None:
        """Inside the transaction that records it: a sealed upload is the blob of its digest now."""

    def discard(self, upload: Upload) -> None:
        """Forget an upload; also one that is gone or was placed."""

    def path(self, digest: str) -> Path | None:
        """A blob's file, None where blobs are no files."""

    def redirect(self, digest: str) -> str:
        """A URL at which a client may fetch a blob itself for a while; empty: it may not."""

    def read(self, digest: str, first: int, end: int) -> Iterator[bytes]:
        """A blob's bytes from `first` up to, not with, `end`. Raises: DataLoss: they are gone."""

    def remove(self, digests: Sequence[str]) -> None:
        """The collector's second half: their rows are gone, unless somebody has brought one anew since."""

    def leftovers(self, known: Callable[[], set[str]]) -> int:
        """At start: remove uploads and blobs that have no row; how many."""
