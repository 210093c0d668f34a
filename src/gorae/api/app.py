"""The application: `Gate` finds a request's operation, runs it and maps its errors."""

import asyncio
import errno
import logging
import os
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gorae.api import answer, errors
from gorae.api.backend import Services
from gorae.api.call import MAX_BODY_BYTES, Call
from gorae.api.route import Route, RouteTable, split_version
from gorae.api.routes import (
    builds,
    containers,
    distribution,
    execs,
    house,
    images,
    insight,
    leaks,
    ledger,
    manifests,
    networks,
    plugins,
    swarm,
    system,
    volume_archives,
    volumes,
)
from gorae.errors import GoraeError, NotModified
from gorae.store.ingest import disk_error
from gorae.version import VERSION
from gorae.wire.version import NEWEST

SERVER = f"gorae/{VERSION} (linux)"
_log = logging.getLogger("gorae.api")
HEADERS = {
    "Api-Version": str(NEWEST),
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": SERVER,
}


def all_routes(services: Services) -> list[Route]:
    """Every operation, by noun."""
    nouns = (
        system,
        containers,
        execs,
        images,
        builds,
        volumes,
        networks,
        distribution,
        manifests,
        plugins,
        swarm,
        insight,
        leaks,
        house,
        ledger,
        volume_archives,
    )
    return [route for noun in nouns for route in noun.routes(services)]


def make_app(services: Services) -> web.Application:
    """The application for these services (see `daemon.assemble.Services`).

    Its runner is to cancel the handlers of clients that leave (`handler_cancellation=True`): work
    which must be finished all the same is shielded here.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    gate = Gate(all_routes(services), trace=bool(os.environ.get("GORAE_TRACE")))
    app.router.add_route(
        "*", r"/{path:[\s\S]*}", gate
    )  # a name with a line break, too, is answered
    app.on_response_prepare.append(_add_headers)
    return app


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER  # aiohttp's own stands there already
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


class Gate:
    """Finds, runs, maps errors, traces."""

    def __init__(self, routes: Iterable[Route], *, trace: bool = False) -> None:
        self._table = RouteTable(routes)
        self._trace = trace
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        started = time.perf_counter()
        try:
            response = await self._answer(request)
        except GoraeError as error:
            response = _failed(error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - the last door: a traceback goes to the log only
            response = _unexpected(request, error)
        if self._trace:
            took_ms = (time.perf_counter() - started) * 1000
            _log.warning(
                "%s %s -> %d in %.1f ms", request.method, request.path_qs, response.status, took_ms
            )
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        version, path = split_version(request.path)
        match = self._table.match(request.method, path)
        call = Call(request, version, match.params)
        work = match.route.handler(call)
        if match.route.streams:
            found: web.StreamResponse = await work
            return found
        return await self._finished(work)

    async def _finished(self, work: Any) -> web.StreamResponse:
        """Run to the end, even when the client leaves."""
        task: asyncio.Task[web.StreamResponse] = asyncio.ensure_future(work)
        self._unfinished.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody may be left to hear of it


def _unexpected(request: web.Request, error: Exception) -> web.Response:
    """A full disk can be met anywhere, and is nobody's mistake; anything else is ours."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _failed(disk_error(error))
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer.raw(
        errors.body_of("internal error: the daemon's log has the details"), status=500
    )


def _failed(error: GoraeError) -> web.Response:
    if isinstance(error, NotModified):
        return answer.nothing(304)
    return answer.raw(errors.body_of(error.message), status=errors.status_of(error))
