"""Sockets to listen on: made here, or handed over by systemd (sd_listen_fds(3))."""

import contextlib
import grp
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from gorae.daemon.config import Config
from gorae.errors import Conflict, InvalidArgument

SD_LISTEN_FDS_START = 3
BACKLOG = 1024


@contextlib.contextmanager
def sockets(config: Config) -> Iterator[list[tuple[socket.socket, bool]]]:
    """Listening sockets and whether TLS is spoken on each; the unix sockets' files are gone afterwards.

    Raises:
        Conflict: another daemon listens there. InvalidArgument: fd:// without a handed-over socket.
    """
    made: list[tuple[socket.socket, bool]] = []
    with contextlib.ExitStack() as stack:
        for host in config.hosts:
            kind, _, rest = host.partition("://")
            if kind == "unix":
                made.append((_unix(rest, config.group), False))
                stack.callback(_unlink, rest)
            elif kind == "tcp":
                address, _, port = rest.rpartition(":")
                made.append((_tcp(address.strip("[]"), int(port)), config.tls or config.tlsverify))
            else:
                made += [(one, False) for one in _handed_over()]
        yield made


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _unix(path: str, group: str) -> socket.socket:
    """A socket of mode 0660; a file that nobody listens on is left over and replaced."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if _answers(path):
        raise Conflict(f'another daemon listens on "{path}": stop it, or give another --host')
    _unlink(path)
    one = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        one.bind(path)
    finally:
        os.umask(before)
    with contextlib.suppress(KeyError):
        os.chown(path, 0, grp.getgrnam(group).gr_gid)
    os.chmod(path, 0o660)
    one.listen(BACKLOG)
    return one


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def _tcp(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Conflict(f"cannot listen on {address}:{port}: {error.strerror}".lower()) from error


def _handed_over() -> list[socket.socket]:
    """Source: sd_listen_fds(3): LISTEN_PID is ours, LISTEN_FDS sockets from descriptor 3 on."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        raise InvalidArgument("fd:// needs sockets handed over by systemd; none came")
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    os.environ.pop("LISTEN_PID")
    found = []
    for fd in range(SD_LISTEN_FDS_START, SD_LISTEN_FDS_START + count):
        os.set_inheritable(fd, False)
        found.append(socket.socket(fileno=fd))
    return found


def tls_context(config: Config) -> ssl.SSLContext | None:
    """The server's TLS, which asks for client certificates with --tlsverify; None without TLS."""
    if not (config.tls or config.tlsverify):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        for path in filter(None, (config.tlscert, config.tlskey, config.tlscacert)):
            Path(path).open("rb").close()
        context.load_cert_chain(config.tlscert, config.tlskey)
        if config.tlsverify:
            context.load_verify_locations(config.tlscacert)
            context.verify_mode = ssl.CERT_REQUIRED
    except ssl.SSLError as error:
        raise InvalidArgument(f"cannot use the TLS files: {error}") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidArgument(f'cannot read the TLS file "{error.filename}": {reason}') from error
    return context


def notify_ready() -> None:
    """Tell systemd that the daemon answers. Source: sd_notify(3)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
        one.connect("\0" + address[1:] if address.startswith("@") else address)
        one.send(b"READY=1")
