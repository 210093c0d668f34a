"""goraed: start, serve, leave."""

import asyncio
import contextlib
import fcntl
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gorae.daemon import config as configuration
from gorae.daemon import listen
from gorae.daemon.config import Config
from gorae.errors import Conflict, GoraeError
from gorae.version import VERSION

LINK_PREFIX = 6
"""How much of an instance's name stands in its links'."""
_LEVELS = {"warn": "WARNING", "fatal": "CRITICAL"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon until it is told to leave; the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "-v" in arguments or "--version" in arguments:
        print(f"gorae version {VERSION}")
        return 0
    try:
        config = configuration.load(arguments)
        if os.geteuid() != 0:
            raise Conflict("needs root privileges: start it as root")
        _log_to_stderr(config)
        return _run(config)
    except GoraeError as error:
        print(f"goraed: {error.message}", file=sys.stderr)
        return 1


def _log_to_stderr(config: Config) -> None:
    level = _LEVELS.get(config.log_level, config.log_level.upper())
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_ours_or_grave)


def _is_ours_or_grave(record: logging.LogRecord) -> bool:
    """The libraries' own debugging is nobody's here; a client that left, or sends no HTTP, is no fault of ours."""
    if record.name == "aiohttp.server" and record.exc_info:
        error = record.exc_info[1]
        theirs = isinstance(error, ConnectionError) or type(error).__module__.startswith(
            "aiohttp.http"
        )
        return not theirs
    return record.levelno >= logging.WARNING or record.name.startswith("gorae")


def _run(config: Config) -> int:
    """The host is prepared first: entering a mount namespace needs a single thread."""
    from gorae.runtime import ownmounts
    from gorae.runtime.host import HostFacts

    os.umask(0o022)
    _raise_open_files()
    for directory, mode in ((config.data_root, 0o710), (config.exec_root, 0o711)):
        Path(directory).mkdir(mode=mode, parents=True, exist_ok=True)
    with (
        _only_one(Path(config.exec_root)),
        _own_instance(config.instance),
        _pidfile(config.pidfile),
    ):
        ownmounts.enter(Path(config.exec_root))
        return asyncio.run(_serve(config, HostFacts.probe()))


@contextlib.contextmanager
def _only_one(exec_root: Path) -> Iterator[None]:
    """Two daemons would take each other's namespaces and bundles for leftovers; the store has a lock of its own."""
    with (exec_root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f'another daemon uses "{exec_root}": stop it, or give another --exec-root'
            ) from None
        yield


def _raise_open_files() -> None:
    """As many as we may: each client that waits is one, and the usual soft limit of 1024 is soon reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _own_instance(name: str) -> Iterator[None]:
    """Links, rules and the bridge bear the instance's name: two daemons of one name would undo each other's.

    An abstract socket's name is held by a process in its network namespace, and gone with it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as holder:
        try:
            holder.bind(f"\0gorae-instance-{name[:LINK_PREFIX]}")
        except OSError:
            raise Conflict(
                f'another daemon of this host\'s network is the instance "{name}": give this one a name of its '
                f"own by --instance, of which {LINK_PREFIX} characters count (and --bridge)"
            ) from None
        yield


@contextlib.contextmanager
def _pidfile(path: str) -> Iterator[None]:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError, ValueError):
        other = int(file.read_text())
        if other != os.getpid() and b"gorae" in Path(f"/proc/{other}/cmdline").read_bytes():
            raise Conflict(f'goraed runs already as process {other}: "{path}"')
    file.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            file.unlink()


async def _serve(config: Config, host: "object") -> int:
    from aiohttp import web

    from gorae.api import runner as server
    from gorae.api.app import make_app
    from gorae.daemon.assemble import Daemon

    loop = asyncio.get_running_loop()
    leave = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    tls = listen.tls_context(config)
    with listen.sockets(config) as socks:
        daemon = Daemon(config, host, loop)  # type: ignore[arg-type]
        await daemon.start()
        runner = server.runner(make_app(daemon.services))
        await runner.setup()
        for sock, encrypted in socks:
            site = web.SockSite(
                runner, sock, ssl_context=tls if encrypted else None, backlog=listen.BACKLOG
            )
            await site.start()
        logging.getLogger("gorae").info("listening on %s", ", ".join(config.hosts))
        listen.notify_ready()
        await leave.wait()
        daemon.lifecycle.closing = True
        await runner.cleanup()
    await daemon.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
