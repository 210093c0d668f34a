"""Where an engine listens: `unix:///path`, `tcp://host:port`, with or without TLS."""

from __future__ import annotations

from gorae.errors import InvalidArgument

DEFAULT_SOCKET = "/run/gorae/gorae.sock"
DEFAULT_HOST = "unix://" + DEFAULT_SOCKET
PLAIN_PORT = 2375
TLS_PORT = 2376


class TLSFiles:
    """The PEM files of a TLS connection; `verify` False accepts any server certificate."""

    __slots__ = ("ca", "certificate", "key", "verify")

    def __init__(
        self, ca: str = "", certificate: str = "", key: str = "", verify: bool = True
    ) -> None:
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self.verify = verify


class Address:
    """A parsed host. Shape: `path` for unix sockets, else `host` and `port`; `text` as docker prints it."""

    __slots__ = ("host", "path", "port", "text", "tls")

    def __init__(
        self, text: str, path: str = "", host: str = "", port: int = 0, tls: TLSFiles | None = None
    ) -> None:
        self.text = text
        self.path = path
        self.host = host
        self.port = port
        self.tls = tls

    @property
    def is_default(self) -> bool:
        """Whether this is the socket on which a local daemon may be started."""
        return self.path == DEFAULT_SOCKET


def parse_address(text: str, tls: TLSFiles | None = None) -> Address:
    """Read a host as docker's `-H` takes it; a bare `host:port` means tcp, a bare path a unix socket.

    Raises:
        InvalidArgument: another scheme, or a port that is none.
    """
    text = text.strip() or DEFAULT_HOST
    if text.startswith("/"):
        text = "unix://" + text
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "tcp", text
    if scheme == "unix":
        return Address("unix://" + (rest or DEFAULT_SOCKET), path=rest or DEFAULT_SOCKET)
    if scheme not in ("tcp", "http", "https"):
        raise InvalidArgument(f"unable to parse docker host `{text}`: want unix:// or tcp://")
    if scheme == "https" and tls is None:
        tls = TLSFiles()
    host, port = _host_and_port(rest.rstrip("/"), TLS_PORT if tls else PLAIN_PORT, text)
    shown = f"[{host}]" if ":" in host else host
    return Address(f"tcp://{shown}:{port}", host=host, port=port, tls=tls)


def _host_and_port(rest: str, default_port: int, text: str) -> tuple[str, int]:
    if rest.startswith("["):
        host, _, tail = rest[1:].partition("]")
        port = tail.removeprefix(":")
    else:
        host, _, port = rest.partition(":")
    if not port:
        return host or "localhost", default_port
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidArgument(f'unable to parse docker host `{text}`: invalid port "{port}"')
    return host or "localhost", int(port)
