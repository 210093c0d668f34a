"""TLS to a registry: the system's CAs and what a folder says about this one.

    /etc/docker/certs.d/HOST[:PORT]/
        *.crt               further CAs
        NAME.cert NAME.key  a client's certificate and its key

Source: docker's documentation, "Verify repository client with certificates".
"""

import contextlib
import ssl
from pathlib import Path

from gorae.errors import InvalidArgument


def context(host: str, folder: Path, *, verified: bool) -> ssl.SSLContext:
    """A context for `host` (host[:port]); without `verified` any certificate will do.

    Raises:
        InvalidArgument: the folder for the host holds half a pair, or a file that cannot be used.
    """
    made = ssl.create_default_context()
    if not verified:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    own = folder / host
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        _load(made, sorted(own.iterdir()))
    return made


def _load(made: ssl.SSLContext, files: list[Path]) -> None:
    names = {one.name for one in files}
    for one in files:
        try:
            if one.suffix == ".crt":
                made.load_verify_locations(one)
            elif one.suffix == ".cert":
                made.load_cert_chain(one, _partner(one, ".key", names))
            elif one.suffix == ".key":
                _partner(one, ".cert", names)
        except (ssl.SSLError, OSError) as error:
            raise InvalidArgument(f'"{one}" cannot be used: {error}') from None


def _partner(one: Path, suffix: str, names: set[str]) -> Path:
    other = one.with_suffix(suffix)
    if other.name in names:
        return other
    if suffix == ".key":
        raise InvalidArgument(
            f"missing key {other.name} for client certificate {one.name}. "
            "CA certificates must use the extension .crt"
        )
    raise InvalidArgument(f"missing client certificate {other.name} for key {one.name}")
