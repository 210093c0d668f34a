"""TLS to a registry: the system's CAs and what a folder says about this one.

    /etc/gorae/certs.d/HOST[:PORT]/     and /etc/docker/certs.d/HOST[:PORT]/
        *.crt               further CAs
        NAME.cert NAME.key  a client's certificate and its key

Source: docker's documentation, "Verify repository client with certificates".
"""

import contextlib
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path

from gorae.errors import InvalidArgument

State = tuple[tuple[str, int, int], ...]
"""What tells whether a host's files are those that were read: path, time of change, inode."""


def state(host: str, folders: Iterable[Path]) -> State:
    """Of the files about `host` now."""
    found = []
    for one in _files(host, folders):
        with contextlib.suppress(OSError):
            info = one.stat()
            found.append((str(one), info.st_mtime_ns, info.st_ino))
    return tuple(found)


def _files(host: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Folder by folder, by name."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            yield from sorted((folder / host).iterdir())


def context(host: str, folders: Iterable[Path], *, verified: bool) -> ssl.SSLContext:
    """A context for `host` (host[:port]); without `verified` any certificate will do.

    Raises:
        InvalidArgument: the folder for the host holds half a pair, or a file that cannot be used.
    """
    made = ssl.create_default_context()
    if not verified:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    _load(made, list(_files(host, folders)))
    return made


def _load(made: ssl.SSLContext, files: list[Path]) -> None:
    here = set(files)
    for one in files:
        try:
            if one.suffix == ".crt":
                made.load_verify_locations(one)
            elif one.suffix == ".cert":
                made.load_cert_chain(one, _partner(one, ".key", here))
            elif one.suffix == ".key":
                _partner(one, ".cert", here)
        except (ssl.SSLError, OSError) as error:
            raise InvalidArgument(f'"{one}" cannot be used: {error}') from None


def _partner(one: Path, suffix: str, here: set[Path]) -> Path:
    other = one.with_suffix(suffix)
    if other in here:
        return other
    if suffix == ".key":
        raise InvalidArgument(
            f"missing key {other.name} for client certificate {one.name}. "
            "CA certificates must use the extension .crt"
        )
    raise InvalidArgument(f"missing client certificate {other.name} for key {one.name}")
