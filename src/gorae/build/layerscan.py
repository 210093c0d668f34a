"""The files of one layer looked through as they go by: small ones many at a time, large ones in pieces.

Nearly every file holds nothing, so what costs is the number of searches: small files are put together, and only where
something is found in all of them at once is each looked at by itself.
"""

from gorae.dockerfile.secretguard import FileScan, Guard, Leak
from gorae.dockerfile.tokenform import is_telling, may_hold

SMALL_BYTES = 128 << 10
BATCH_BYTES = 1 << 20
BETWEEN = b"\0\0"
"""Between two files: nothing that is looked for holds it."""


class LayerScan:
    """`observe` gets each file in order, in one piece or several."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._path = ""
        self._first: bytes | None = None
        self._file: FileScan | None = None
        self._ours = _Batch(guard, forms=True)
        self._theirs = _Batch(guard, forms=False)
        self._leaks: list[Leak] = []

    def observe(self, path: str, piece: bytes) -> None:
        """A file's next piece."""
        if path != self._path:
            self._next()
            self._path, self._first = path, piece
            return
        if self._file is None:
            self._file = self._guard.in_file(path)
            self._file.feed(self._first or b"")
            self._first = None
        self._file.feed(piece)

    def _next(self) -> None:
        """The file before is whole."""
        if self._file is not None:
            self._leaks += self._file.end()
            self._file = None
        elif self._first is not None:
            self._whole(self._path, self._first)
            self._first = None

    def _whole(self, path: str, data: bytes) -> None:
        if len(data) > SMALL_BYTES or is_telling(path):
            scan = self._guard.in_file(path)
            scan.feed(data)
            self._leaks += scan.end()
        elif may_hold(path):
            self._leaks += self._ours.add(path, data)
        elif self._guard.hides:
            self._leaks += self._theirs.add(path, data)

    def end(self) -> list[Leak]:
        """All that was found."""
        self._next()
        self._leaks += self._ours.flush() + self._theirs.flush()
        return self._leaks


class _Batch:
    """Small files, looked at together."""

    def __init__(self, guard: Guard, *, forms: bool) -> None:
        self._guard = guard
        self._forms = forms
        self._files: list[tuple[str, bytes]] = []
        self._size = 0

    def add(self, path: str, data: bytes) -> list[Leak]:
        """One more; what was found when it was time to look."""
        self._files.append((path, data))
        self._size += len(data)
        return self.flush() if self._size >= BATCH_BYTES else []

    def flush(self) -> list[Leak]:
        """Look at them."""
        files, self._files, self._size = self._files, [], 0
        found: list[Leak] = []
        together = BETWEEN.join([data for _, data in files])
        if self._guard.may_match(together, forms=self._forms):
            for path, data in files:
                scan = self._guard.in_file(path)
                scan.feed(data)
                found += scan.end()
        return found
