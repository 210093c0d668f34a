"""A layer's files: the archive's headers, read once and kept for a while; blocking."""

import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from gorae.errors import InvalidArgument
from gorae.hub.blobs import Blob, Blobs
from gorae.hub.fault import TooLarge
from gorae.oci.tar import reader
from gorae.store.archive.compression import Reader

MAX_ENTRIES = 100_000
MAX_LAYER_BYTES = 4 << 30
MAX_PLAIN_BYTES = 16 << 30
LAYERS_KEPT = 8
SHOWN = 1000
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a layer; `path` without a leading slash, `deleted`: a whiteout of that name."""

    path: str
    kind: str
    size_bytes: int
    mode: int
    mtime: int
    target: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing: a file, or a folder with what is below it."""

    name: str
    path: str
    kind: str
    size_bytes: int
    entry: Entry | None


class Layers:
    """Listings by digest; one is read at a time."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()

    def entries(self, blob: Blob) -> tuple[Entry, ...]:
        """Every entry, in the archive's order. Raises: InvalidArgument: it is no layer. TooLarge."""
        with self._turn:
            found = self._kept.get(blob.digest)
            if found is None:
                if blob.size_bytes > MAX_LAYER_BYTES:
                    raise TooLarge(f"layers above {MAX_LAYER_BYTES} bytes are not listed")
                found = tuple(self._read(blob))
                self._kept[blob.digest] = found
                if len(self._kept) > LAYERS_KEPT:
                    self._kept.popitem(last=False)
            return found

    def _read(self, blob: Blob) -> Iterator[Entry]:
        pieces = self._blobs.read(blob.digest, 0, blob.size_bytes)
        source = cast("BinaryIO", io.BufferedReader(_Pieces(pieces)))
        stream = reader.ForwardReader(Reader(source))
        for number, one in enumerate(reader.members(stream)):
            if number >= MAX_ENTRIES or stream.tell() > MAX_PLAIN_BYTES:
                return
            yield _entry(
                one.name, one.type, one.size, one.mode, one.mtime_ns // 1_000_000_000, one.linkname
            )


class _Pieces(io.RawIOBase):
    """An iterator of pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As a raw file does."""
        if not self._left:
            self._left = next(self._pieces, b"")
        piece = self._left[: len(buffer)]
        self._left = self._left[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


_KINDS = {
    b"5": "folder",
    b"2": "link",
    b"1": "hardlink",
    b"3": "device",
    b"4": "device",
    b"6": "pipe",
}


def _entry(name: str, kind: bytes, size: int, mode: int, mtime: int, target: str) -> Entry:
    path = "/".join(part for part in name.split("/") if part not in ("", ".", ".."))
    folder, _, last = path.rpartition("/")
    word = _KINDS.get(kind, "file")
    if last.startswith(WHITEOUT):
        shown = "*" if last == OPAQUE else last.removeprefix(WHITEOUT)
        path = f"{folder}/{shown}".lstrip("/")
        return Entry(path, word, 0, mode, mtime, "", deleted=True)
    return Entry(path, word, size, mode, mtime, target)


def listing(entries: tuple[Entry, ...], folder: str) -> list[Row]:
    """What is directly in a folder: folders first, each with the bytes below it.

    Raises:
        InvalidArgument: the layer has nothing of that name.
    """
    prefix = f"{folder}/" if folder else ""
    folders: dict[str, int] = {}
    rows: dict[str, Row] = {}
    for one in entries:
        if not one.path.startswith(prefix) or one.path == folder:
            continue
        name, below, _ = one.path[len(prefix) :].partition("/")
        if below or one.kind == "folder":
            folders[name] = folders.get(name, 0) + one.size_bytes
        if not below and one.kind != "folder":
            rows[name] = Row(name, one.path, one.kind, one.size_bytes, one)
    if folder and not folders and not rows and all(one.path != folder for one in entries):
        raise InvalidArgument(f'the layer has no folder "{folder[:200]}"')
    made = [
        Row(name, prefix + name, "folder", size, None) for name, size in sorted(folders.items())
    ]
    return made + [row for name, row in sorted(rows.items()) if name not in folders]
