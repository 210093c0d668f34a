"""The `X-Docker-Container-Path-Stat` header: base64 of a JSON document.

`mode` is Go's os.FileMode, not st_mode: the type's bits are high ones of its own.
"""

import base64
import stat

from msgspec import Struct

from gorae.wire import codec

HEADER = "X-Docker-Container-Path-Stat"
_TYPES = {
    stat.S_IFDIR: 1 << 31,
    stat.S_IFLNK: 1 << 27,
    stat.S_IFBLK: 1 << 26,
    stat.S_IFCHR: 1 << 26 | 1 << 21,
    stat.S_IFIFO: 1 << 25,
    stat.S_IFSOCK: 1 << 24,
    stat.S_IFREG: 0,
}
_BITS = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))


class PathStat(Struct, rename="camel"):
    """What `docker cp` needs to know of a path. `mtime` in RFC 3339."""

    name: str
    size: int
    mode: int
    mtime: str
    link_target: str = ""


def go_mode(st_mode: int) -> int:
    """Go's os.FileMode of the kernel's st_mode. Source: Go, io/fs.FileMode."""
    mode = st_mode & 0o777 | _TYPES.get(stat.S_IFMT(st_mode), 1 << 19)
    for bit, high in _BITS:
        if st_mode & bit:
            mode |= high
    return mode


def header_value(document: PathStat) -> str:
    """The header's text."""
    return base64.b64encode(codec.encode(document)).decode()
