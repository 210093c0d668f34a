"""A blob on its way from another registry: stored as it comes, and read by who asked for it while it does.

Readers get all but the last byte as it arrives; that one comes when the digest was found right, so that no answer with
wrong bytes is ever complete. A fetch that was cut is gone on with by a Range; one that fails leaves nothing.
"""

import os
import threading
from collections.abc import Callable
from typing import IO

from gorae.errors import GoraeError, Unavailable
from gorae.hub.caller import Caller
from gorae.hub.uploads import Uploads
from gorae.registry import fault, retry
from gorae.registry.repository import Repository
from gorae.registry.transport import Answer

PIECE = 256 << 10
LONGEST_WAIT_S = 0.5
"""Between one try and the next: somebody waits."""


class Fetch:
    """One blob for one repository. Made by whoever asks first; every reader leaves it when done.

    `size_bytes`: as the other registry says.
    """

    def __init__(self, repository: Repository, name: str, digest: str, uploads: Uploads) -> None:
        """Ask the other registry. Raises: its refusal. Unavailable: it does not say how long the blob is."""
        self.name = name
        self.digest = digest
        self._repository = repository
        self._uploads = uploads
        self._answer, _ = repository.open_blob(digest)
        length = self._answer.headers.get("Content-Length", "")
        self.size_bytes = int(length) if length.isdigit() else -1
        try:
            self._upload = uploads.start(name, Caller("proxy", "proxy"))
        except GoraeError:
            self._answer.close()
            raise
        self._file: IO[bytes] | None = uploads.opened(self._upload)
        self._readers = 1
        self._arrived = 0
        self._change = threading.Condition()
        self._watchers: list[Callable[[], None]] = []
        self.is_over = False
        self.error: GoraeError | None = None

    @property
    def can_be_followed(self) -> bool:
        """Whether its bytes can be read before all of them are here."""
        return self._file is not None and self.size_bytes >= 0

    # the one who fetches --------------------------------------------------------------------------

    def run(self) -> None:
        """To the end, good or bad."""
        error: GoraeError | None = None
        try:
            self._store()
        except GoraeError as failure:
            self._uploads.cancel(self._upload)
            error = failure
        with self._change:
            self.error = error
            self.is_over = True
            self._change.notify_all()
        self._tell()
        self.leave()

    def _store(self) -> None:
        part = self._uploads.receive(self._upload, None)
        try:
            answer: Answer | None = self._answer
            attempt = 0
            while answer is not None:
                before = part.size_bytes
                try:
                    with answer:
                        for piece in answer.pieces():
                            part.write(piece)
                            self._arrived = part.size_bytes
                            self._tell()
                    self._check_length(part.size_bytes)
                    answer = None
                except fault.Broken as error:
                    attempt = 1 if part.size_bytes > before else attempt + 1
                    answer = self._again(part.size_bytes, attempt, error)
        finally:
            self._upload = self._uploads.end(part)
        self._uploads.finish(self._upload, self.digest)

    def _check_length(self, size_bytes: int) -> None:
        if size_bytes < self.size_bytes:
            raise fault.Broken(
                f'blob "{self.digest}": wanted {self.size_bytes} bytes, the stream ended after {size_bytes}'
            )

    def _again(self, arrived: int, attempt: int, error: fault.Broken) -> Answer:
        """The rest. Raises: Broken: that was the last try. Unavailable: the registry knows no ranges."""
        pause = retry.wait_s(attempt)
        if pause is None:
            raise error
        threading.Event().wait(min(pause, LONGEST_WAIT_S))
        answer, start = self._repository.open_blob(self.digest, arrived)
        if start != arrived:
            answer.close()
            raise Unavailable(f'"{self.digest}" was cut, and cannot be had from where it stopped')
        return answer

    # those who read -------------------------------------------------------------------------------

    def join(self) -> bool:
        """One more reader; False when it is over."""
        with self._change:
            if self.is_over:
                return False
            self._readers += 1
            return True

    def leave(self) -> None:
        """One less; the last one closes the file."""
        with self._change:
            self._readers -= 1
            if not self._readers and self._file is not None:
                self._file.close()

    def wait(self) -> None:
        """Until it is over. Raises: why it failed."""
        with self._change:
            while not self.is_over:
                self._change.wait()
        if self.error is not None:
            raise self.error

    @property
    def readable_bytes(self) -> int:
        """So many may be read now."""
        if self.is_over and self.error is None:
            return self.size_bytes
        return min(self._arrived, self.size_bytes - 1)

    def read(self, first: int, end: int) -> bytes:
        """Some of the bytes between; they are readable."""
        assert self._file is not None
        return os.pread(self._file.fileno(), min(PIECE, end - first), first)

    def watch(self, told: Callable[[], None]) -> None:
        """Call `told` whenever there is more, from another thread."""
        self._watchers.append(told)

    def _tell(self) -> None:
        for one in tuple(self._watchers):
            one()
