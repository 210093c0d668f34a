"""gzip, xz, zstd and bzip2 streams: recognised by their first bytes, read in bounded memory, written reproducibly.

Whatever a stream expands to, one read gives a bounded piece, and the whole has a limit. New streams are made by one
library at one level, since others give other bytes: gzip by isal at 2 in blocks of 4 MiB, zstd at 3.
"""

import bz2
import functools
import lzma
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from typing import BinaryIO, Protocol

import zstandard
from isal import isal_zlib

from gorae.errors import InvalidArgument

PIECE = 1 << 20
MAX_PLAIN_BYTES = 1 << 42
XZ_MEMORY_BYTES = 512 << 20
ZSTD_WINDOW_BYTES = 128 << 20
GZIP_LEVEL = 2
GZIP_BLOCK = 4 << 20
ZSTD_LEVEL = 3
_FEED = 1 << 16
_ZSTD_FEED = 1 << 12  # a block of 4 bytes expands to 128 KiB, and the library gives all at once

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
)
_MAGIC_BYTES = 6


def detect(head: bytes) -> str:
    """The kind of stream that begins with these bytes: gzip, xz, zstd, bzip2 or plain."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "plain")


class Inflater(Protocol):
    """One member of a compressed stream."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def rest(self) -> bytes:
        """What was given and belongs to what follows the member."""

    @property
    def hungry(self) -> bool:
        """Whether it can give nothing more without more input."""

    def inflate(self, data: bytes) -> bytes:
        """About a piece of plain bytes. Raises: an error of `CORRUPT`."""


class Reader:
    """The plain bytes of a stream that may be compressed; `read` as a file's.

    Raises (on read):
        InvalidArgument: a corrupt or truncated stream, or one that expands beyond all measure.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._pending = _read_exactly(source, _MAGIC_BYTES)
        self.kind = detect(self._pending)
        make, self._feed = _KINDS.get(self.kind, (None, PIECE))
        self._make = make
        self._inflater = make() if make else None
        self._buffer = b""
        self._ended = False
        self._total = 0

    def read(self, size: int = PIECE) -> bytes:
        """At most `size` bytes; empty at the end."""
        if self._inflater is None:
            return self._read_plain(size)
        while not self._buffer and not self._ended:
            self._buffer = self._inflate()
        if len(self._buffer) <= size:
            out, self._buffer = self._buffer, b""
        else:
            out, self._buffer = self._buffer[:size], self._buffer[size:]
        self._total += len(out)
        if self._total > MAX_PLAIN_BYTES:
            raise InvalidArgument(f"the {self.kind} stream is longer than {MAX_PLAIN_BYTES} bytes")
        return out

    def _read_plain(self, size: int) -> bytes:
        if self._pending:
            out, self._pending = self._pending[:size], self._pending[size:]
            return out
        return self._source.read(size) or b""

    def _inflate(self) -> bytes:
        """The next piece; may be empty before the end."""
        assert self._inflater is not None and self._make is not None
        data = b""
        if self._inflater.eof or self._inflater.hungry:
            data = self._pending or self._source.read(self._feed) or b""
            self._pending = b""
            if not data:
                self._end()
                return b""
        if self._inflater.eof:  # another member follows, or padding
            data = data.lstrip(b"\0")
            if not data:
                return b""
            self._inflater = self._make()
        try:
            out = self._inflater.inflate(data)
        except CORRUPT as error:
            raise InvalidArgument(f"corrupt {self.kind} stream: {error}") from None
        if self._inflater.eof:
            self._pending = self._inflater.rest
        return out

    def _end(self) -> None:
        self._ended = True
        if self._inflater is not None and not self._inflater.eof:
            raise InvalidArgument(f"truncated {self.kind} stream: unexpected EOF")


CORRUPT: tuple[type[BaseException], ...] = (
    zlib.error,
    isal_zlib.error,  # type: ignore[assignment]
    lzma.LZMAError,
    zstandard.ZstdError,
    OSError,
    ValueError,
    EOFError,
)


class _Gzip:
    """isal's object keeps what it did not use."""

    def __init__(self) -> None:
        self._object = isal_zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return bool(self._object.eof)

    @property
    def rest(self) -> bytes:
        return bytes(self._object.unused_data)

    @property
    def hungry(self) -> bool:
        return not self._object.unconsumed_tail

    def inflate(self, data: bytes) -> bytes:
        return bytes(self._object.decompress(self._object.unconsumed_tail + data, PIECE))


class _Standard:
    """lzma and bz2 of the standard library: the same face."""

    def __init__(self, made: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> None:
        self._object = made

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def rest(self) -> bytes:
        return self._object.unused_data

    @property
    def hungry(self) -> bool:
        return self._object.needs_input

    def inflate(self, data: bytes) -> bytes:
        return self._object.decompress(data, PIECE)


class _Zstd:
    """Gives all that its input expands to: it is fed in small pieces."""

    def __init__(self) -> None:
        made = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._object = made.decompressobj()

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def rest(self) -> bytes:
        return self._object.unused_data

    @property
    def hungry(self) -> bool:
        return True

    def inflate(self, data: bytes) -> bytes:
        return self._object.decompress(data)


_KINDS: dict[str, tuple[Callable[[], Inflater] | None, int]] = {
    "gzip": (_Gzip, _FEED),
    "xz": (lambda: _Standard(lzma.LZMADecompressor(memlimit=XZ_MEMORY_BYTES)), _FEED),
    "bzip2": (lambda: _Standard(bz2.BZ2Decompressor()), _FEED),
    "zstd": (_Zstd, _ZSTD_FEED),
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


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take all of them."""


class GzipWriter:
    """A gzip stream without name and time: the same bytes for the same content.

    Blocks are compressed each on its own and joined into one deflate stream (each ends on a byte, by an empty stored
    block), so that several processors work on it; how many do not change the bytes.
    """

    MADE_BY = f"gzip isal {version('isal')} level {GZIP_LEVEL} block {GZIP_BLOCK}"
    _HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    _AHEAD = 4

    def __init__(self, out: Sink) -> None:
        self._out = out
        self._crc = 0
        self._size = 0
        self._block = bytearray()
        self._under_way: deque[Future[bytes]] = deque()
        out.write(self._HEADER)

    def write(self, data: bytes | memoryview) -> None:
        """Add plain bytes."""
        self._crc = isal_zlib.crc32(data, self._crc)
        self._size += len(data)
        self._block += data
        while len(self._block) >= GZIP_BLOCK:
            self._start(bytes(self._block[:GZIP_BLOCK]))
            del self._block[:GZIP_BLOCK]

    def _start(self, block: bytes, *, last: bool = False) -> None:
        self._under_way.append(_compressors().submit(_deflated, block, last=last))
        while len(self._under_way) > self._AHEAD:
            self._out.write(self._under_way.popleft().result())

    def close(self) -> None:
        """End the stream; what it is written to stays open."""
        self._start(bytes(self._block), last=True)
        while self._under_way:
            self._out.write(self._under_way.popleft().result())
        self._out.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))


def _deflated(block: bytes, *, last: bool) -> bytes:
    """A piece of a raw deflate stream that needs nothing of what was before it."""
    made = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, -15)
    mode = isal_zlib.Z_FINISH if last else isal_zlib.Z_SYNC_FLUSH
    return bytes(made.compress(block)) + bytes(made.flush(mode))


@functools.cache
def _compressors() -> ThreadPoolExecutor:
    """As many threads as there are processors: the library lets go of the interpreter."""
    return ThreadPoolExecutor(os.cpu_count() or 1, "gzip")


class ZstdWriter:
    """A zstd stream: the same bytes for the same content."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self._object = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()

    def write(self, data: bytes | memoryview) -> None:
        """Add plain bytes."""
        self._out.write(self._object.compress(data))

    def close(self) -> None:
        """End the stream; what it is written to stays open."""
        self._out.write(self._object.flush())
