"""The frames of a stream without terminal: several outputs in one.

Shape: 1 byte stream (0 stdin, 1 stdout, 2 stderr, 3 system error), 3 zero bytes, 4 bytes length
(big endian), then the payload. Source: the Engine API's description of ContainerAttach, "Stream
format".
"""

import struct
from collections.abc import Iterator

from gorae.errors import InvalidArgument

STDIN = 0
STDOUT = 1
STDERR = 2
SYSTEM_ERROR = 3
HEADER_SIZE = 8
_header = struct.Struct(">B3xI")


def header(stream: int, size: int) -> bytes:
    """The eight bytes before a payload of `size` bytes."""
    return _header.pack(stream, size)


def frame(stream: int, payload: bytes) -> bytes:
    """One frame, whole."""
    return _header.pack(stream, len(payload)) + payload


class Demultiplexer:
    """Bytes in pieces of any size, `(stream, payload)` out, before a frame is whole."""

    def __init__(self) -> None:
        self._head = b""
        self._stream = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The payloads that `data` brings.

        Raises:
            InvalidArgument: a stream number that does not exist: the bytes are no frames.
        """
        view = self._head + data
        position = 0
        while position < len(view):
            if not self._left:
                if len(view) - position < HEADER_SIZE:
                    break
                self._stream, self._left = _header.unpack_from(view, position)
                if self._stream > SYSTEM_ERROR:
                    raise InvalidArgument(f"unrecognized stream: {self._stream}")
                position += HEADER_SIZE
                continue
            piece = view[position : position + self._left]
            position += len(piece)
            self._left -= len(piece)
            yield self._stream, piece
        self._head = view[position:]

    @property
    def complete(self) -> bool:
        """Whether the bytes so far end where a frame ends."""
        return not self._head and not self._left
