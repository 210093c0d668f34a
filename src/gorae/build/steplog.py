"""One stream of a step's output on its way to the client: the values of secrets hidden, and no more than a limit.

What comes beyond the limit is dropped but for its end, which a failure shows: the last words tell why. Of a step that
ends well nothing more is said. The sentence, the limit and the kept end are BuildKit's; its second limit, on bytes a
second, is not taken over, since what it drops depends on the hour. oracle: [output clipped, log limit 2MiB reached]
"""

from collections.abc import Callable

from gorae.dockerfile.secretguard import Masker

MAX_BYTES = 2 << 20
KEPT_BYTES = 256 << 10
CLIPPED = b"\n[output clipped, log limit 2MiB reached]\n"


class StepLog:
    """`send` gets what may be shown. `limit` 0: none."""

    def __init__(
        self, send: Callable[[bytes], None], masker: Masker | None, limit: int = MAX_BYTES
    ) -> None:
        self._send = send
        self._masker = masker
        self._limit = limit
        self._sent = 0
        self._end: bytearray | None = None

    def write(self, data: bytes) -> None:
        """The next piece."""
        if self._masker is not None:
            data = self._masker.feed(data)
        self._show(data)

    def end(self, *, failed: bool) -> None:
        """The stream is over; the end of what was dropped is shown when the step failed."""
        if self._masker is not None:
            self._show(self._masker.end())
        if failed and self._end:
            self._send(bytes(self._end[-KEPT_BYTES:]))
        self._end = None

    def _show(self, data: bytes) -> None:
        if self._end is None:
            left = self._limit - self._sent if self._limit else len(data)
            shown, data = data[:left], data[left:]
            if data:
                self._end = bytearray()
                shown += CLIPPED
            if shown:
                self._sent += len(shown)
                self._send(shown)
        if self._end is not None:
            self._end += data
            if len(self._end) > 2 * KEPT_BYTES:
                del self._end[:-KEPT_BYTES]
