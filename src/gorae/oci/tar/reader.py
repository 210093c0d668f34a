"""A tar read front to back: a hashed stream, and the members in it.

stream = ForwardReader(Reader(file))
for entry in members(stream):
    for piece in stream.pieces(entry.size): ...      or not: what is not read is skipped
diff_id = stream.finish()
"""

import hashlib
from collections.abc import Iterator
from typing import Protocol

from gorae.errors import InvalidArgument
from gorae.oci.digest import DiffId
from gorae.oci.tar import header, sparse
from gorae.oci.tar.header import BLOCK, ZERO_BLOCK, Entry

MAX_ENTRIES = 2_000_000
MAX_EXTENSION_BYTES = 1 << 20
PIECE = 1 << 20
EOF = "unexpected EOF"


class Source(Protocol):
    """Whatever gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


class ForwardReader:
    """A stream that knows where it is, hashed as it goes by unless `hashed` says no."""

    def __init__(self, source: Source, *, hashed: bool = True) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self._hashed = hashed
        self._piece = b""
        self._at = 0  # in the piece
        self._before = 0  # bytes of earlier pieces

    def _fill(self) -> bool:
        """Take the next piece, the present one being used up; False at the end."""
        piece = self._source.read(PIECE)
        self._before += len(self._piece)
        self._piece, self._at = piece, 0
        if self._hashed:
            self._hash.update(piece)
        return bool(piece)

    def tell(self) -> int:
        """Bytes given so far."""
        return self._before + self._at

    def read(self, size: int) -> bytes:
        """`size` bytes unless the stream ends before."""
        end = self._at + size
        if end <= len(self._piece):
            out = self._piece[self._at : end]
            self._at = end
            return out
        return b"".join(self._views(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """`size` bytes without copies; each view is good until the next.

        Raises:
            InvalidArgument: the stream ends before.
        """
        for view in self._views(size):
            size -= len(view)
            yield view
        if size:
            raise InvalidArgument(EOF)

    def _views(self, size: int) -> Iterator[memoryview]:
        while size > 0:
            if self._at == len(self._piece) and not self._fill():
                return
            view = memoryview(self._piece)[self._at : self._at + size]
            self._at += len(view)
            size -= len(view)
            yield view

    def skip_to(self, offset: int) -> bool:
        """Go forward; whether the stream is that long."""
        for _ in self._views(offset - self.tell()):
            pass
        return self.tell() >= offset

    def finish(self) -> DiffId:
        """Read to the end; the digest of all."""
        while self._fill():
            pass
        return DiffId(f"sha256:{self._hash.hexdigest()}")


def members(stream: ForwardReader) -> Iterator[Entry]:
    """The archive's members; of each the data may be read before the next is asked for.

    Raises:
        InvalidArgument: a corrupt header, a truncated archive, or too many members.
    """
    extensions: dict[bytes, bytes] = {}
    for _ in range(MAX_ENTRIES):
        block = stream.read(BLOCK)
        if not block or block == ZERO_BLOCK:
            if extensions.keys() - {header.PAX_GLOBAL}:  # they belong to a member that is missing
                raise InvalidArgument(EOF)
            _check_end(stream, block)
            return
        if len(block) < BLOCK:
            raise InvalidArgument(EOF)
        entry = header.parse(block)
        if entry.type in _EXTENSIONS:
            extensions[entry.type] = _extension(stream, entry)
            continue
        end = _extended(entry, block, extensions, stream)
        extensions.clear()
        yield header.check(entry)
        if not stream.skip_to(end):
            raise InvalidArgument(EOF)
        stream.skip_to(header.padded(end))  # some writers leave the last padding out
    raise InvalidArgument(f"the archive has more than {MAX_ENTRIES} members")


_EXTENSIONS = frozenset((header.PAX, header.PAX_GLOBAL, header.GNU_LONG_NAME, header.GNU_LONG_LINK))


def _check_end(stream: ForwardReader, block: bytes) -> None:
    """Two blocks of zeros, or the end of the stream."""
    if block and stream.read(BLOCK) not in (b"", ZERO_BLOCK):
        raise InvalidArgument(header.INVALID)


def _extension(stream: ForwardReader, entry: Entry) -> bytes:
    if not 0 <= entry.size <= MAX_EXTENSION_BYTES:
        raise InvalidArgument(f"{header.INVALID}: an extended header is too large")
    data = stream.read(entry.size)
    if len(data) < entry.size:
        raise InvalidArgument(EOF)
    stream.skip_to(header.padded(stream.tell()))
    return data


def _extended(
    entry: Entry, block: bytes, extensions: dict[bytes, bytes], stream: ForwardReader
) -> int:
    """Apply what stood before the header; where the member's data ends. Global records are not applied."""
    records = header.parse_records(extensions.get(header.PAX, b""))
    header.apply_records(entry, records)
    if header.GNU_LONG_NAME in extensions:
        entry.name = header.decode(extensions[header.GNU_LONG_NAME].rstrip(b"\0"))
    if header.GNU_LONG_LINK in extensions:
        entry.linkname = header.decode(extensions[header.GNU_LONG_LINK].rstrip(b"\0"))
    if entry.type == header.GNU_SPARSE:
        header.check(entry)
        sparse.read_old_map(entry, block, stream.read)
        return stream.tell() + entry.data_bytes
    end = stream.tell() + entry.data_bytes
    if entry.isreg():
        header.check(entry)
        sparse.read_pax_map(entry, records, stream.read)
    return end
