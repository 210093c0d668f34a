"""The monitor's log file, in the form that Kubernetes calls CRI: reading it whole, from its end, as it grows.

    2026-01-02T03:04:05.123456789+00:00 stdout F a whole line
    2026-01-02T03:04:05.123456789+00:00 stderr P a piece of a line, whose rest follows

Stamps are UTC and of one length, so that they compare as bytes. A full file is renamed to `<path>.1`, the one that
was `.1` to `.2` and so on; then the monitor opens `<path>` anew. Who reads holds on to the file that it reads and
finds the next by inode, so a rotation loses nothing.

What comes out is (stream, bytes): the content of consecutive lines of one stream in one piece.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

STDOUT = 1
STDERR = 2
BLOCK_BYTES = 1 << 20
TAIL_BLOCK_BYTES = 64 << 10
MAX_ROTATED = 1000

Chunk = tuple[int, bytes]

_STAMP_BYTES = 29
"""Up to the nanoseconds; `+00:00` follows."""
_FLAG_AT = 43
"""Where F or P stands: after the stamp, its zone, a space, `stdout` or `stderr` and a space."""
_NS = 1_000_000_000

_RUN = re.compile(
    rb"(?:.{35} stdout [FP] .*\n)+|(?:.{35} stderr [FP] .*\n)+|.*\n",
)
"""Consecutive lines of one stream, or one line that is none of ours. Not possessive: Python 3.11.2 matches that wrongly."""
_HEAD = re.compile(rb"^.{35} std(?:out|err) F ", re.MULTILINE)
_HEAD_OR_PIECE = re.compile(rb"^.{35} std(?:out|err) (?:F |P (.*)\n)", re.MULTILINE)
_STAMP_AND_HEAD = re.compile(rb"^(.{29}).{6} std(?:out|err) F ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LogWindow:
    """What is wanted of a log. `tail` None is all; times of 0 are no bound; both bounds belong to the window."""

    stdout: bool = True
    stderr: bool = True
    since_ns: int = 0
    until_ns: int = 0
    tail: int | None = None
    timestamps: bool = False
    prefix: bytes = b""
    """What is said before each line, after its stamp."""


class Decoder:
    """Whole lines of the file -> chunks of content. Keeps what a line that comes in pieces needs."""

    def __init__(self, window: LogWindow) -> None:
        self._window = window
        self._wanted = {STDOUT: window.stdout, STDERR: window.stderr}
        self._in_line = {STDOUT: False, STDERR: False}
        self._prefixed = window.timestamps or bool(window.prefix)
        literal = window.prefix.replace(b"\\", rb"\\")
        self._line_head = (rb"\1Z " if window.timestamps else b"") + literal

    def decode(self, lines: bytes) -> list[Chunk]:
        """The content of complete lines."""
        found = []
        for run in _RUN.finditer(lines):
            text = run.group()
            stream = _stream(text)
            if stream and self._wanted[stream]:
                found.append((stream, self._content(stream, text)))
        return found

    def _content(self, stream: int, text: bytes) -> bytes:
        pieces = b" P " in text
        if self._prefixed:
            if pieces or self._in_line[stream]:
                return b"".join(self._stamped(stream, _lines(text)))
            return _STAMP_AND_HEAD.sub(self._line_head, text)
        return _HEAD_OR_PIECE.sub(rb"\1", text) if pieces else _HEAD.sub(b"", text)

    def _stamped(self, stream: int, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Stamp and prefix at the beginning of each line, not of each piece."""
        for line in lines:
            if not self._in_line[stream]:
                yield line[:_STAMP_BYTES] + b"Z " if self._window.timestamps else b""
                yield self._window.prefix
            self._in_line[stream] = line[_FLAG_AT : _FLAG_AT + 1] == b"P"
            content = line[_FLAG_AT + 2 :]
            yield content[:-1] if self._in_line[stream] else content


def _stream(text: bytes) -> int:
    if text[_FLAG_AT : _FLAG_AT + 2] not in (b"F ", b"P "):
        return 0
    return {b"stdout": STDOUT, b"stderr": STDERR}.get(text[36:42], 0)


def stamp(time_ns: int) -> bytes:
    """As the file has it: `2026-01-02T03:04:05.123456789`."""
    seconds, ns = divmod(max(time_ns, 0), _NS)
    whole = datetime.fromtimestamp(min(seconds, 253402300799), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ns:09d}".encode()


class LogCursor:
    """A place in a log that moves on with each reading; not thread-safe."""

    def __init__(self, path: str, window: LogWindow) -> None:
        self._path = path
        self._window = window
        self._decoder = Decoder(window)
        self._since = stamp(window.since_ns) if window.since_ns else b""
        self._until = stamp(window.until_ns) if window.until_ns else b""
        self._rest = b""
        self._fd = -1
        self.done = False
        """Lines past the window have been seen: nothing more will come."""

    @classmethod
    def open(cls, path: str, window: LogWindow) -> "LogCursor":
        """At the first line that the window may show; a log that does not exist yet is an empty one."""
        cursor = cls(path, window)
        if window.tail is None:
            cursor._open_oldest()
        else:
            cursor._open_tail(window.tail)
        return cursor

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read_more(self) -> list[Chunk]:
        """What came since the last reading, about a MiB at most; empty: nothing now."""
        while not self.done:
            block = self._read_block()
            if not block:
                return []
            chunks = self._decoder.decode(self._within(block))
            if chunks:
                return chunks
        return []

    def _read_block(self) -> bytes:
        """Whole lines; a line still being written waits for the next time."""
        while True:
            data = self._read_on()
            if not data:
                return b""
            head, newline, tail = (self._rest + data).rpartition(b"\n")
            self._rest = tail
            if newline:
                return head + newline

    def _read_on(self) -> bytes:
        """Bytes of this file, or of the next when this one is finished."""
        while True:
            if self._fd < 0 and not self._open_oldest():
                return b""
            data = os.read(self._fd, BLOCK_BYTES)
            if data:
                return data
            following = self._following()
            if following is None:
                return b""
            # It is finished; but it may have grown between the reading and the looking.
            data = os.read(self._fd, BLOCK_BYTES)
            if data:
                return data
            self._switch(following)

    def _following(self) -> str | None:
        """The path of the file after this one; None while this is the one being written."""
        mine = os.fstat(self._fd).st_ino
        if _inode(self._path) in (mine, 0):
            return None
        newer = self._path
        for path in _rotated(self._path):
            if _inode(path) == mine:
                return newer
            newer = path
        return newer  # ours is deleted: the oldest that is left

    def _switch(self, path: str) -> None:
        self.close()
        self._rest = b""
        with contextlib.suppress(FileNotFoundError):
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def _open_oldest(self) -> bool:
        self._switch([self._path, *_rotated(self._path)][-1])
        return self._fd >= 0

    def _open_tail(self, lines: int) -> None:
        """Go back through the files until that many lines have been seen."""
        for path in (self._path, *_rotated(self._path)):
            self._switch(path)
            if self._fd < 0:
                continue
            offset, lines = _tail_offset(self._fd, lines)
            os.lseek(self._fd, offset, os.SEEK_SET)
            if lines <= 0:
                return

    def _within(self, block: bytes) -> bytes:
        """The lines of the block that lie in the window's times; lines are in order of time."""
        if self._since and block[:_STAMP_BYTES] < self._since:
            block = _cut(block, lambda line: line[:_STAMP_BYTES] < self._since)[1]
        elif self._since:
            self._since = b""
        if self._until and _last_stamp(block) > self._until:
            self.done = True
            block = _cut(block, lambda line: line[:_STAMP_BYTES] <= self._until)[0]
        return block


def _cut(block: bytes, before: Callable[[bytes], bool]) -> tuple[bytes, bytes]:
    """The lines for which `before` holds, and the rest."""
    lines = _lines(block)
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        if before(lines[middle]):
            low = middle + 1
        else:
            high = middle
    return b"".join(lines[:low]), b"".join(lines[low:])


def _lines(block: bytes) -> list[bytes]:
    """Whole lines with their ends; `splitlines` would end one at a carriage return too."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]


def _last_stamp(block: bytes) -> bytes:
    start = block.rfind(b"\n", 0, -1) + 1
    return block[start : start + _STAMP_BYTES]


def _tail_offset(fd: int, lines: int) -> tuple[int, int]:
    """Where the last `lines` begin, and how many are still missing at the file's beginning.

    Pieces before the end of a line belong to that line, one at the very end is a line of its own.
    """
    end = os.fstat(fd).st_size
    if lines <= 0:
        return end, 0
    data, start = b"", end
    while start > 0:
        size = min(TAIL_BLOCK_BYTES + len(data), start)
        start -= size
        data = os.pread(fd, size, start) + data
        ends = _line_ends(data)
        if len(ends) > lines:
            return start + ends[-lines - 1], 0
    return 0, lines - len(_line_ends(data))


def _line_ends(data: bytes) -> list[int]:
    """The offsets after the ends of whole lines; at the very end a piece counts as well."""
    ends = [found.end() for found in _WHOLE_LINE.finditer(data)]
    if data.endswith(b"\n") and (not ends or ends[-1] != len(data)):
        ends.append(len(data))
    return ends


_WHOLE_LINE = re.compile(rb"^.{35} std(?:out|err) F .*\n", re.MULTILINE)


def _rotated(path: str) -> Iterator[str]:
    """`<path>.1`, `<path>.2` and so on, as many as there are: the newer first."""
    for number in range(1, MAX_ROTATED):
        name = f"{path}.{number}"
        if not os.path.exists(name):
            return
        yield name


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return 0


def rotation(path: str, max_files: int, existing: int) -> list[tuple[str, str]]:
    """The renames that rotate a log, in order; a target of "" is a removal.

    `max_files` counts the one being written; `existing` is how many rotated ones there are.
    """
    names = [path, *(f"{path}.{number}" for number in range(1, existing + 1))]
    kept = max_files - 1
    steps = [(name, "") for name in reversed(names[kept:])] if kept else [(path, "")]
    steps += [
        (names[number], f"{path}.{number + 1}")
        for number in reversed(range(min(kept, existing + 1)))
    ]
    return steps


def rotate(path: str, max_files: int) -> None:
    """Move a log aside and remove the oldest; then the monitor must open the path anew."""
    existing = sum(1 for _ in _rotated(path))
    for source, target in rotation(path, max_files, existing):
        with contextlib.suppress(FileNotFoundError):
            if target:
                os.rename(source, target)
            else:
                os.unlink(source)
