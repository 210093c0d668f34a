"""Maps of sparse files in tar: GNU's old form in header blocks, and its pax forms 0.0, 0.1 and 1.0.

A map is a list of (offset, length): where the pieces of the member's data go; between them are holes.
Source: GNU tar manual, "Storing Sparse Files".
"""

import struct
from collections.abc import Callable

from gorae.errors import InvalidArgument
from gorae.oci.tar.header import BLOCK, Entry, decode, number

MAX_PIECES = 100_000
INVALID = "archive/tar: invalid sparse map"
Read = Callable[[int], bytes]
Map = list[tuple[int, int]]

_PIECE = struct.Struct("12s12s")
_IN_HEADER = (386, 4)
_REAL_SIZE = slice(483, 495)
_MORE_IN_HEADER = 482
_MORE_IN_BLOCK = 504


def read_old_map(entry: Entry, header: bytes, read: Read) -> None:
    """Fill the entry of a header block of type S; `read` gives the blocks that go on with its map.

    Raises:
        InvalidArgument: a map that is malformed, leads out of the file or is too long.
    """
    entry.sparse = list(_pieces(header, *_IN_HEADER))
    entry.real_size = number(header[_REAL_SIZE])
    more = header[_MORE_IN_HEADER]
    while more:
        block = read(BLOCK)
        if len(block) < BLOCK:
            raise InvalidArgument("unexpected EOF")
        entry.sparse += _pieces(block, 0, 21)
        more = block[_MORE_IN_BLOCK]
        _refuse_long(entry.sparse)
    check(entry)


def _pieces(block: bytes, at: int, count: int) -> Map:
    pairs = (_PIECE.unpack_from(block, at + 24 * n) for n in range(count))
    return [(number(offset), number(length)) for offset, length in pairs if offset[0]]


def read_pax_map(entry: Entry, records: dict[str, bytes], read: Read) -> None:
    """Fill the entry if the pax records tell that it is sparse; `read` gives its data, where form 1.0 has the map.

    Raises:
        InvalidArgument: as `read_old_map`.
    """
    real_size = records.get("GNU.sparse.realsize", records.get("GNU.sparse.size"))
    if real_size is None:
        return
    if "GNU.sparse.name" in records:
        entry.name = decode(records["GNU.sparse.name"])
    if records.get("GNU.sparse.major") == b"1":
        numbers = _numbers_in_data(entry, read)
    else:
        numbers = [
            _decimal(text) for text in records.get("GNU.sparse.map", b"").split(b",") if text
        ]
    entry.real_size = _decimal(real_size)
    entry.sparse = list(zip(numbers[::2], numbers[1::2]))
    _refuse_long(entry.sparse)
    if len(numbers) % 2:
        raise InvalidArgument(INVALID)
    check(entry)


def _numbers_in_data(entry: Entry, read: Read) -> list[int]:
    """Form 1.0: the data begins with lines of decimal numbers, their count first, padded to whole blocks."""
    text = b""
    wanted = 1
    while text.count(b"\n") < wanted:
        if entry.size < BLOCK or len(text) > 44 * MAX_PIECES:
            raise InvalidArgument(INVALID)
        block = read(BLOCK)
        if len(block) < BLOCK:
            raise InvalidArgument("unexpected EOF")
        entry.size -= BLOCK
        text += block
        if wanted == 1 and b"\n" in text:
            wanted += 2 * min(_decimal(text.partition(b"\n")[0]), MAX_PIECES + 1)
    return [_decimal(line) for line in text.split(b"\n")[1:wanted]]


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise InvalidArgument(INVALID)
    return int(text)


def _refuse_long(pieces: Map) -> None:
    if len(pieces) > MAX_PIECES:
        raise InvalidArgument(f"{INVALID}: more than {MAX_PIECES} pieces")


def check(entry: Entry) -> None:
    """The pieces are in order, inside of the file, and as long as the data together.

    Raises:
        InvalidArgument: they are not.
    """
    end = total = 0
    for offset, length in entry.sparse or ():
        if length < 0 or offset < end:
            raise InvalidArgument(INVALID)
        end = offset + length
        total += length
    if end > entry.real_size or total != entry.size:
        raise InvalidArgument(INVALID)
