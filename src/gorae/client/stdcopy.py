"""The frames of a stream without terminal: several outputs in one.

Shape: 1 byte stream (0 stdin, 1 stdout, 2 stderr, 3 system error), 3 zero bytes, 4 bytes length (big endian),
then the payload.
"""

from __future__ import annotations

from gorae.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT = 1
STDERR = 2
SYSTEM_ERROR = 3
_HEADER = 8


class Demultiplexer:
    """Bytes in, `(stream, payload)` out; payloads are passed on before their frame is complete.

    Raises:
        Unavailable: (from `feed`) a stream number that does not exist: the bytes are no frames.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._stream = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The payloads that `data` brings."""
        view = self._buffer + data if self._buffer else data
        position, end = 0, len(view)
        while position < end:
            if self._left == 0:
                if end - position < _HEADER:
                    break
                self._stream = view[position]
                if self._stream > SYSTEM_ERROR:
                    raise Unavailable(f"unrecognized stream: {self._stream}")
                self._left = int.from_bytes(view[position + 4 : position + _HEADER], "big")
                position += _HEADER
                continue
            piece = view[position : position + self._left]
            position += len(piece)
            self._left -= len(piece)
            yield self._stream, piece
        self._buffer = view[position:]
