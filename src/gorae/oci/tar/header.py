"""The tar header block: 512 bytes to a value and back, with the pax and GNU extensions. Pure.

    name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | linkname 100 |
    magic 6, version 2 | uname 32 | gname 32 | devmajor 8 | devminor 8 | prefix 155 | 12 unused

Numbers are octal text, or base 256 when the first bit is set. What does not fit stands in a pax record block (type
x) before the header. Written headers are the same bytes for the same entry: ustar where all fits, pax where not.
Source: POSIX.1-2017 pax(1); GNU tar manual, "Tar Internals".
"""

import struct
from dataclasses import dataclass, field

from gorae.errors import InvalidArgument

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
MAX_NAME_BYTES = 4096
MAX_ID = 0xFFFFFFFE
MAX_SIZE_BYTES = 1 << 62
MAX_TIME_S = 1 << 33
INVALID = "archive/tar: invalid tar header"

REGULAR = b"0"
HARD_LINK = b"1"
SYMLINK = b"2"
CHARACTER = b"3"
BLOCK_DEVICE = b"4"
DIRECTORY = b"5"
FIFO = b"6"
CONTIGUOUS = b"7"
GNU_LONG_NAME = b"L"
GNU_LONG_LINK = b"K"
GNU_SPARSE = b"S"
PAX = b"x"
PAX_GLOBAL = b"g"
_REGULAR_TYPES = frozenset((REGULAR, CONTIGUOUS, GNU_SPARSE))
_WITHOUT_DATA = frozenset((HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO))

_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_XATTR = "SCHILY.xattr."
_SPARSE_PIECE = ("GNU.sparse.offset", "GNU.sparse.numbytes")
SPARSE_MAP = "GNU.sparse.map"


@dataclass(slots=True)
class Entry:
    """One member. `size`: the bytes of data that follow it; `real_size` differs from it for sparse files only.

    `sparse`: (offset, length) of the data's pieces in the file; None: not sparse. The questions bear tarfile's names.
    """

    name: str
    type: bytes = REGULAR
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    linkname: str = ""
    devmajor: int = 0
    devminor: int = 0
    xattrs: dict[str, bytes] = field(default_factory=dict)
    sparse: list[tuple[int, int]] | None = None
    real_size: int = 0

    def isreg(self) -> bool:
        """A regular file, sparse ones included."""
        return self.type in _REGULAR_TYPES

    def isdir(self) -> bool:
        """A directory."""
        return self.type == DIRECTORY

    def issym(self) -> bool:
        """A symbolic link."""
        return self.type == SYMLINK

    def islnk(self) -> bool:
        """A hard link; `linkname` is another member's name."""
        return self.type == HARD_LINK

    @property
    def data_bytes(self) -> int:
        """Bytes of data in the archive after the header, without padding."""
        return 0 if self.type in _WITHOUT_DATA else self.size


def padded(size: int) -> int:
    """`size` rounded up to whole blocks."""
    return size + -size % BLOCK


# reading --------------------------------------------------------------------------------------------


def parse(block: bytes) -> Entry:
    """A header block's entry, extensions not yet applied.

    Raises:
        InvalidArgument: a wrong checksum or number.
    """
    fields = _FIELDS.unpack(block)
    (name, mode, uid, gid, size, mtime, checksum, kind, link, magic) = fields[:10]
    _check_sum(block, checksum)
    posix = magic[:6] == b"ustar\0"
    prefix = _text(fields[14]) if posix else b""
    path = _text(name)
    if prefix:
        path = prefix + b"/" + path
    if kind == b"\0":  # before POSIX a directory was told by its name
        kind = DIRECTORY if path.endswith(b"/") else REGULAR
    entry = Entry(
        decode(path),
        kind,
        number(mode) & 0o7777777,
        number(uid),
        number(gid),
        number(size),
        number(mtime) * 1_000_000_000,
        decode(_text(link)),
    )
    if kind in (CHARACTER, BLOCK_DEVICE):
        entry.devmajor, entry.devminor = number(fields[12]), number(fields[13])
    return entry


def check(entry: Entry) -> Entry:
    """`entry`, whose numbers and names are in the bounds of what can be made.

    Raises:
        InvalidArgument: they are not.
    """
    if not (0 <= entry.uid <= MAX_ID and 0 <= entry.gid <= MAX_ID and entry.mode >= 0):
        raise InvalidArgument(
            f'{INVALID}: "{entry.name[:200]}" has an owner or a mode out of range'
        )
    if not 0 <= entry.size <= MAX_SIZE_BYTES or not 0 <= entry.real_size <= MAX_SIZE_BYTES:
        raise InvalidArgument(f'{INVALID}: "{entry.name[:200]}" has a size out of range')
    if abs(entry.mtime_ns) > MAX_TIME_S * 1_000_000_000:
        raise InvalidArgument(f'{INVALID}: "{entry.name[:200]}" has a time out of range')
    if not (0 <= entry.devmajor < 1 << 12 and 0 <= entry.devminor < 1 << 20):
        raise InvalidArgument(f'{INVALID}: "{entry.name[:200]}" has a device out of range')
    if "\0" in entry.name or "\0" in entry.linkname:
        raise InvalidArgument(f"{INVALID}: a name has a NUL in it")
    if len(encode(entry.name)) > MAX_NAME_BYTES or len(encode(entry.linkname)) > MAX_NAME_BYTES:
        raise InvalidArgument(f"{INVALID}: a name is longer than {MAX_NAME_BYTES} bytes")
    return entry


def decode(name: bytes) -> str:
    """UTF-8; other bytes survive as surrogates."""
    return name.decode("utf-8", "surrogateescape")


def encode(name: str) -> bytes:
    """The inverse of `decode`. Raises: InvalidArgument: no such bytes."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InvalidArgument(f"{INVALID}: a name is no text") from None


def _text(raw: bytes) -> bytes:
    return raw.split(b"\0", 1)[0]


def number(raw: bytes) -> int:
    """Octal text, or base 256, two's complement, when the first bit is set."""
    if raw[0] & 0x80:
        value = int.from_bytes(raw) & ~(0x80 << 8 * (len(raw) - 1))
        negative = raw[0] & 0x40
        return value - (1 << 8 * len(raw) - 1) if negative else value
    digits = raw.strip(b" \0")
    if digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            pass
    elif not digits:
        return 0
    raise InvalidArgument(INVALID)


def _check_sum(block: bytes, stored: bytes) -> None:
    """The sum of the block's bytes with the checksum as spaces; some old writers added them signed."""
    wanted = number(stored)
    total = sum(block) - sum(stored) + 8 * 32
    if wanted != total:
        high = sum(byte > 0x7F for byte in block) - sum(byte > 0x7F for byte in stored)
        if wanted != total - 256 * high:
            raise InvalidArgument(INVALID)


def parse_records(data: bytes) -> dict[str, bytes]:
    """Pax records `<length> <key>=<value>\\n`; the length counts all of it.

    Raises:
        InvalidArgument: a record is malformed.
    """
    found: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        digits = data[at:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        record = data[space + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if at + length > len(data) or not record.endswith(b"\n") or not equals or not key:
            raise InvalidArgument(f"{INVALID}: a pax record is malformed")
        name = decode(key)
        if name in _SPARSE_PIECE:  # form 0.0 repeats them: one list, as form 0.1 has it
            name, value = SPARSE_MAP, found.get(SPARSE_MAP, b"") + value + b","
        found[name] = value
        at += length
    return found


def apply_records(entry: Entry, records: dict[str, bytes]) -> None:
    """Let the records of a pax block overrule what the header said.

    Raises:
        InvalidArgument: a value is malformed.
    """
    for key, value in records.items():
        if key.startswith(_XATTR):
            entry.xattrs[key.removeprefix(_XATTR)] = value
        elif key == "path" and value:
            entry.name = decode(value)
        elif key == "linkpath":
            entry.linkname = decode(value)
        elif key == "size":
            entry.size = _decimal(value)
        elif key == "uid":
            entry.uid = _decimal(value)
        elif key == "gid":
            entry.gid = _decimal(value)
        elif key == "mtime":
            entry.mtime_ns = _time_ns(value)


def _decimal(value: bytes) -> int:
    if not value.isdigit() or len(value) > 20:
        raise InvalidArgument(f"{INVALID}: a pax record is no number")
    return int(value)


def _time_ns(value: bytes) -> int:
    """Decimal seconds with a fraction, to nanoseconds."""
    negative = value.startswith(b"-")
    whole, _, fraction = value.removeprefix(b"-").partition(b".")
    if fraction and not fraction.isdigit():
        raise InvalidArgument(f"{INVALID}: a pax record is no time")
    time_ns = _decimal(whole) * 1_000_000_000 + int((fraction + b"0" * 9)[:9])
    return -time_ns if negative else time_ns


# writing --------------------------------------------------------------------------------------------


def format_entry(entry: Entry) -> bytes:
    """The blocks of an entry's header: always the same for the same entry."""
    name, link = encode(entry.name), encode(entry.linkname)
    seconds, rest_ns = divmod(entry.mtime_ns, 1_000_000_000)
    records = {f"{_XATTR}{key}": value for key, value in entry.xattrs.items()}
    prefix, short = _split(name)
    if short is None or not name.isascii():
        records["path"] = name
        prefix, short = b"", _shortened(name)
    if len(link) > 100 or not link.isascii():
        records["linkpath"] = link
    for key, value, digits in (
        ("uid", entry.uid, 7),
        ("gid", entry.gid, 7),
        ("size", entry.size, 11),
    ):
        if value >= 8**digits:
            records[key] = str(value).encode()
    if rest_ns or not 0 <= seconds < 8**11:
        records["mtime"] = _time_text(entry.mtime_ns)
    header = _header(entry, prefix, short, link, seconds)
    if not records:
        return header
    data = b"".join(_record(key, records[key]) for key in sorted(records))
    pax = Entry("PaxHeaders.0/" + decode(_shortened(name)[:80]), PAX, size=len(data))
    return (
        _header(pax, b"", encode(pax.name)[:100], b"", 0)
        + data
        + bytes(-len(data) % BLOCK)
        + header
    )


def _header(entry: Entry, prefix: bytes, name: bytes, link: bytes, seconds: int) -> bytes:
    device = entry.type in (CHARACTER, BLOCK_DEVICE)
    block = _FIELDS.pack(
        name,
        b"%07o\0" % (entry.mode & 0o7777),
        b"%07o\0" % (entry.uid if entry.uid < 8**7 else 0),
        b"%07o\0" % (entry.gid if entry.gid < 8**7 else 0),
        b"%011o\0" % (entry.size if entry.size < 8**11 else 0),
        b"%011o\0" % (seconds if 0 <= seconds < 8**11 else 0),
        b"        ",
        entry.type,
        link[:100] if link.isascii() else b"",
        b"ustar\00000",
        b"",
        b"",
        b"%07o\0" % entry.devmajor if device else b"0000000\0",
        b"%07o\0" % entry.devminor if device else b"0000000\0",
        prefix,
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _split(name: bytes) -> tuple[bytes, bytes | None]:
    """(prefix, name) of a ustar header; a name of None does not fit."""
    if len(name) <= 100:
        return b"", name
    cut = name.rfind(b"/", 0, 156)
    if cut > 0 and 0 < len(name) - cut - 1 <= 100:
        return name[:cut], name[cut + 1 :]
    return b"", None


def _shortened(name: bytes) -> bytes:
    """Something for readers that know no pax: ASCII, a hundred bytes at most."""
    return bytes(byte if byte < 0x80 else 0x5F for byte in name[:100])


def _time_text(time_ns: int) -> bytes:
    seconds, rest = divmod(abs(time_ns), 1_000_000_000)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{'-' if time_ns < 0 else ''}{seconds}{fraction}".encode()


def _record(key: str, value: bytes) -> bytes:
    body = b" " + encode(key) + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body
