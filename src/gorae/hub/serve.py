"""`gorae hub serve`: open, listen, answer, collect, leave."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

from aiohttp import web

from gorae.errors import Conflict, GoraeError, InvalidArgument
from gorae.hub import webhooks
from gorae.hub.app import make_app
from gorae.hub.config import Config, split_address
from gorae.hub.services import Services, open_services
from gorae.linux import malloc

READ_BUFFER_BYTES = 128 << 10
LARGE_BLOCK_BYTES = 1 << 20
ARENAS = 4
BACKLOG = 1024
SHUTDOWN_S = 10
FLUSH_EVERY_S = 20
_log = logging.getLogger("gorae.hub")


def serve(config: Config) -> int:
    """Until told to leave; the exit status. Raises: Conflict: another hub has the folder or the address."""
    logging.basicConfig(
        level=config.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_ours_or_grave)
    # Large blocks (a password's check takes 19 MiB) go back to the kernel at once, whichever thread had them.
    malloc.mallopt(malloc.M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
    malloc.mallopt(malloc.M_ARENA_MAX, ARENAS)
    tls = _tls(config)
    with _lock(Path(config.root)):
        services = open_services(config)
        try:
            asyncio.run(_serve(services, tls))
        finally:
            services.close()
    return 0


def _is_ours_or_grave(record: logging.LogRecord) -> bool:
    """The libraries' own talk, such as of clients that speak no HTTP, is nobody's here."""
    return record.name.startswith("gorae") or record.levelno >= logging.CRITICAL


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    (root / "hub").mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root / "hub" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f'another hub serves "{root}": stop it, or give another --root'
            ) from None
        yield


def _tls(config: Config) -> ssl.SSLContext | None:
    if not config.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidArgument(f"cannot use the TLS files: {error}") from error
    return context


async def _serve(services: Services, tls: ssl.SSLContext | None) -> None:
    leave = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    left = await asyncio.to_thread(services.uploads.discard_leftovers)
    if left:
        _log.info("removed %d uploads that nobody knows", left)
    runner = web.AppRunner(
        make_app(services),
        handle_signals=False,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
        read_bufsize=READ_BUFFER_BYTES,
    )
    await runner.setup()
    for address in services.config.listen:
        await _listen(runner, address, tls)
    _log.info("listening on %s", ", ".join(services.config.listen))
    async with asyncio.TaskGroup() as group:
        chores = [group.create_task(one) for one in _chores(services)]
        await leave.wait()
        for chore in chores:
            chore.cancel()
    await runner.cleanup()


async def _listen(runner: web.AppRunner, address: str, tls: ssl.SSLContext | None) -> None:
    host, port = split_address(address)
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls, backlog=BACKLOG).start()
    except OSError as error:
        raise Conflict(
            f"cannot listen on {address}: {(error.strerror or str(error)).lower()}"
        ) from error


def _chores(services: Services) -> list[Coroutine[None, None, None]]:
    return [
        _every(FLUSH_EVERY_S, services.catalog.flush_pulls),
        _every(services.config.collect_every_s, lambda: _collect(services)),
        webhooks.deliver(services.facts, services.config),
    ]


def _collect(services: Services) -> None:
    done = services.collector.collect()
    services.metrics.collected += done.blobs
    services.collector.tidy()
    if done.blobs or done.uploads or done.links:
        _log.info("collected %d blobs, %d links, %d uploads", done.blobs, done.links, done.uploads)


async def _every(seconds: float, work: Callable[[], None]) -> None:
    """Blocking work again and again; a failure is said, and the next round comes."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(work)
        except GoraeError as error:
            _log.warning("a chore failed: %s, ignoring", error.message)
