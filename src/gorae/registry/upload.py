"""A blob going up: POST, PATCH, PUT; whole where the registry takes it so, in pieces where it does not.

After a cut the registry is asked how far it got, and the rest goes on from there; a blob that arrived whole is never
sent again. Source: distribution-spec v1.1, "Pushing blobs".
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from gorae.errors import InvalidArgument, NotFound
from gorae.oci.digest import Digest
from gorae.registry import fault, retry
from gorae.registry.repository import Repository

SMALL_BYTES = 1 << 20
"""Up to here a blob goes with the PUT that ends its upload."""
CHUNKS_BYTES = (64 << 20, 16 << 20, 5 << 20)
"""Tried one after the other where a registry calls the whole too large."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is to go up; `read(start)` gives its bytes from there on, anew each time."""

    digest: Digest
    size: int
    read: Callable[[int], Iterator[bytes]]


class Listener(Protocol):
    """Who wants to know."""

    def sent(self, current: int, total: int) -> None:
        """Bytes so far. Raises: Cancelled: enough."""

    def pause(self, seconds: float) -> None:
        """Before the next try. Raises: Cancelled."""


def upload(repository: Repository, blob: Blob, listener: Listener, location: str = "") -> None:
    """Bring a blob into a repository. `location`: an upload that was begun already.

    Raises:
        InvalidArgument: the registry found other bytes than we have. Cancelled. The last try's error.
    """
    if blob.size <= SMALL_BYTES:
        whole = b"".join(blob.read(0))
        repository.finish_upload(location or repository.begin_upload(), blob.digest, whole)
        listener.sent(blob.size, blob.size)
        return
    _Upload(repository, blob, listener, location).run()


class _Upload:
    """The state of one upload: where it goes on, and how far the registry has it."""

    def __init__(
        self, repository: Repository, blob: Blob, listener: Listener, location: str
    ) -> None:
        self._repository = repository
        self._blob = blob
        self._listener = listener
        self._location = location
        self._sent = 0
        self._chunk = blob.size
        self._smaller = iter(CHUNKS_BYTES)

    def run(self) -> None:
        attempt = 0
        while True:
            before = self._sent
            try:
                self._location = self._location or self._repository.begin_upload(once=True)
                self._send_rest()
                self._repository.finish_upload(self._location, self._blob.digest, once=True)
                return
            except fault.TooLarge:
                self._chunk = next(self._smaller, 0)
                if not self._chunk:
                    raise
                self._find_place()
            except (fault.Broken, fault.Again, fault.OutOfStep, NotFound) as error:
                if self._is_there():
                    return
                attempt = 1 if self._sent > before else attempt + 1
                pause = retry.wait_s(attempt, getattr(error, "retry_after", ""))
                if pause is None:
                    raise
                self._listener.pause(pause)
                self._find_place()

    def _send_rest(self) -> None:
        while self._sent < self._blob.size:
            size = min(self._chunk, self._blob.size - self._sent)
            ranged = bool(self._sent) or size < self._blob.size
            body = functools.partial(self._piece, self._sent, size)
            self._location = self._repository.patch_upload(
                self._location, self._sent, size, body, ranged=ranged
            )
            self._sent += size

    def _piece(self, start: int, size: int) -> Iterator[bytes]:
        left = size
        for data in self._blob.read(start):
            data = data[:left]
            left -= len(data)
            yield data
            self._listener.sent(start + size - left, self._blob.size)
            if not left:
                return

    def _is_there(self) -> bool:
        """The cut may have come after the last byte."""
        try:
            return self._repository.blob_size(self._blob.digest) is not None
        except (fault.Broken, fault.Again):
            return False

    def _find_place(self) -> None:
        """Ask how far it got; where the registry does not know, from the beginning."""
        try:
            self._location, self._sent = self._repository.uploaded(self._location)
        except (NotFound, InvalidArgument, fault.Again):
            self._location, self._sent = "", 0
