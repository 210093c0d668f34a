"""gzip, xz, zstd and bzip2 streams: recognised by their first bytes, read with a limit.

New layers are compressed by isal at level 3, pinned: other libraries give other bytes.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import zstandard
from isal import isal_zlib

from gorae.errors import InvalidArgument

PIECE = 1 << 20

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
)


def detect(head: bytes) -> str:
    """The kind of stream that begins with these bytes: gzip, xz, zstd, bzip2 or plain."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "plain")


class _Inflater(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class Reader:
    """The plain bytes of a stream that may be compressed; `read` as a file's.

    Raises (on read):
        InvalidArgument: a corrupt or truncated stream.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        head = _read_exactly(source, 6)
        self.kind = detect(head)
        self._head = head
        self._buffer = b""
        self._make = _inflaters().get(self.kind)
        self._inflater = self._make() if self._make else None
        self._pending = head if self._inflater else b""
        self._ended = False

    def read(self, size: int = PIECE) -> bytes:
        """At most `size` bytes; empty at the end."""
        if self._inflater is None:
            return self._read_plain(size)
        if not self._buffer:
            self._fill()
        out, self._buffer = self._buffer[:size], self._buffer[size:]
        return out

    def _read_plain(self, size: int) -> bytes:
        if self._head:
            out, self._head = self._head[:size], self._head[size:]
            return out
        return self._source.read(size) or b""

    def _fill(self) -> None:
        while not self._buffer and not self._ended:
            data = self._pending or self._source.read(PIECE // 4) or b""
            self._pending = b""
            if not data:
                self._end()
                return
            self._inflate(data)

    def _inflate(self, data: bytes) -> None:
        assert self._inflater is not None
        if self._inflater.eof:  # another member follows
            self._inflater = self._make() if self._make else None
            assert self._inflater is not None
        try:
            self._buffer = self._inflater.decompress(data)
        except (zlib.error, isal_zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, ValueError) as error:
            raise InvalidArgument(f"corrupt {self.kind} stream: {error}") from None
        if self._inflater.eof:
            self._pending = self._inflater.unused_data.lstrip(b"\0")

    def _end(self) -> None:
        self._ended = True
        if self._inflater is not None and not self._inflater.eof:
            raise InvalidArgument(f"truncated {self.kind} stream: unexpected EOF")


def _inflaters() -> dict[str, Callable[[], _Inflater]]:
    return {
        "gzip": lambda: isal_zlib.decompressobj(31),
        "xz": lambda: lzma.LZMADecompressor(memlimit=512 << 20),
        "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj(),
        "bzip2": bz2.BZ2Decompressor,
    }


def _read_exactly(source: BinaryIO, size: int) -> bytes:
    """`size` bytes unless the source ends before."""
    data = b""
    while len(data) < size:
        more = source.read(size - len(data))
        if not more:
            break
        data += more
    return data
