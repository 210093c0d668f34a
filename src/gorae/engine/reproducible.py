"""A distribution's root file system as a tar that depends on its packages alone."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import IO

FALLBACK_EPOCH = 1_600_000_000
"""Of a root without any changelog."""
DROPPED = (
    "var/lib/apt/lists/",
    "var/cache/apt/",
    "var/cache/ldconfig/",
    "var/cache/debconf/",
    "var/log/",
    "var/lib/dpkg/lock",
    "tmp/",
    "run/",
    "dev/",
    "proc/",
    "sys/",
)
EMPTIED = ("etc/machine-id", "etc/resolv.conf", "etc/hostname")
SOURCES_LIST = "etc/apt/sources.list"
MIRRORS = {
    "debian": ("http://deb.debian.org/debian", "http://deb.debian.org/debian-security", "main"),
    "ubuntu": (
        "http://archive.ubuntu.com/ubuntu",
        "http://security.ubuntu.com/ubuntu",
        "main universe",
    ),
}
ROLLING = ("sid", "unstable", "experimental", "rc-buggy")
GONE = (
    "etc/passwd-",
    "etc/group-",
    "etc/shadow-",
    "etc/gshadow-",
    "etc/.pwd.lock",
    "var/lib/dpkg/status-old",
    "var/lib/dpkg/available-old",
    "var/lib/dpkg/diversions-old",
    "var/lib/dpkg/statoverride-old",
    "var/lib/dpkg/available",
)
SHADOWS = ("etc/shadow",)
_TRAILER = re.compile(rb"^ -- .*?>  (.+)$", re.MULTILINE)
_CHANGELOG = re.compile(r"usr/share/doc/[^/]+/changelog(\.Debian)?\.gz")
DAY_S = 86400


def newest_entry(changelogs: Iterable[bytes]) -> int:
    """Seconds since the epoch of the newest of the changelogs' first trailer lines. Source: deb-changelog(5)."""
    found = [FALLBACK_EPOCH]
    for packed in changelogs:
        try:
            head = gzip.GzipFile(fileobj=io.BytesIO(packed)).read(1 << 16)
        except (OSError, EOFError):
            continue
        trailer = _TRAILER.search(head)
        if trailer:
            found.append(_seconds(trailer[1]))
    return max(found)


def _seconds(date: bytes) -> int:
    try:
        when: datetime = parsedate_to_datetime(date.decode("ascii", "replace"))
    except ValueError:
        return FALLBACK_EPOCH
    return int(when.timestamp())


def sources_list(distribution: str, suite: str) -> str:
    """sources.list(5) of an image: the distribution's own mirrors, whichever it was made from."""
    archive, security, components = MIRRORS[distribution]
    lines = [f"deb {archive} {suite} {components}\n"]
    if suite not in ROLLING:
        lines.append(f"deb {archive} {suite}-updates {components}\n")
        lines.append(f"deb {security} {suite}-security {components}\n")
    return "".join(lines)


def rewrite(source: IO[bytes], out: IO[bytes], fixed: Mapping[str, bytes]) -> int:
    """Copy a root's tar: members by name, times clamped, run-time files left out. The epoch that was found.

    Args:
        fixed: path -> content that stands in the place of the file's own.
    """
    with tarfile.open(fileobj=source, mode="r:") as tar:
        members = [one for one in tar.getmembers() if _kept(_path(one))]
        epoch = newest_entry(
            _read(tar, one) for one in members if one.isreg() and _CHANGELOG.fullmatch(_path(one))
        )
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as to:
            _copy(tar, to, members, epoch, fixed)
    return epoch


def _copy(
    tar: tarfile.TarFile,
    to: tarfile.TarFile,
    members: list[tarfile.TarInfo],
    epoch: int,
    fixed: Mapping[str, bytes],
) -> None:
    """Of hard links the first name carries the content."""
    by_path = {_path(one): one for one in members}
    carrier: dict[str, str] = {}
    for path in sorted(by_path):
        member = by_path[path]
        info = _clean(member, path, epoch)
        data = b""
        if member.isreg() or member.islnk():
            origin = path if member.isreg() else _strip(member.linkname)
            first = carrier.setdefault(origin, path)
            if first != path:
                info.type, info.linkname, info.size = tarfile.LNKTYPE, first, 0
            else:
                own = _read(tar, by_path[origin])
                data = fixed[path] if path in fixed else _content(path, own, epoch)
                info.type, info.linkname, info.size = tarfile.REGTYPE, "", len(data)
        to.addfile(info, io.BytesIO(data))


def _content(path: str, data: bytes, epoch: int) -> bytes:
    """Empty for what a host fills in; dates of passwords from the epoch."""
    if path in EMPTIED:
        return b""
    if path in SHADOWS:
        day = str(epoch // DAY_S).encode()
        lines = [line.split(b":") for line in data.splitlines()]
        fixed = [[*f[:2], day, *f[3:]] if len(f) > 3 else f for f in lines]
        return b"".join(b":".join(f) + b"\n" for f in fixed)
    return data


def _clean(member: tarfile.TarInfo, path: str, epoch: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.linkname = member.type, member.mode, member.linkname
    info.uid, info.gid = member.uid, member.gid
    info.devmajor, info.devminor = member.devmajor, member.devminor
    info.mtime = min(int(member.mtime), epoch)
    info.pax_headers = {
        k: v for k, v in member.pax_headers.items() if k.startswith("SCHILY.xattr.")
    }
    return info


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file is not None else b""


def _strip(name: str) -> str:
    return name.removeprefix("./").strip("/")


def _path(member: tarfile.TarInfo) -> str:
    return _strip(member.name)


def _kept(path: str) -> bool:
    if not path or path in GONE:
        return False
    return not any(path.startswith(one) for one in DROPPED)
