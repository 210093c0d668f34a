"""The application: finds a request's handler, runs it, maps its errors, counts."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import hdrs, web

from gorae.errors import Cancelled, GoraeError, Internal, Unauthorized
from gorae.hub import errors, path
from gorae.hub.fault import RangeInvalid, TooMany
from gorae.hub.path import Target
from gorae.hub.routes import blobs, house, manifests, root, search, token, uploads
from gorae.hub.routes.call import Call, Denied
from gorae.hub.services import Services
from gorae.hub.site import site
from gorae.version import VERSION

Handler = Callable[[Call], Awaitable[web.StreamResponse]]
THREADS = 16
HEADERS = {"Docker-Distribution-Api-Version": "registry/2.0", "Server": f"gorae-hub/{VERSION}"}
_log = logging.getLogger("gorae.hub")

REGISTRY: dict[tuple[str, str], Handler] = {
    ("root", "GET"): root.root,
    ("catalog", "GET"): root.catalog,
    ("blobs", "GET"): blobs.get,
    ("blobs", "HEAD"): blobs.get,
    ("blobs", "DELETE"): blobs.delete,
    ("uploads", "POST"): uploads.start,
    ("uploads", "PATCH"): uploads.patch,
    ("uploads", "PUT"): uploads.finish,
    ("uploads", "GET"): uploads.status,
    ("uploads", "DELETE"): uploads.cancel,
    ("manifests", "GET"): manifests.get,
    ("manifests", "HEAD"): manifests.get,
    ("manifests", "PUT"): manifests.put,
    ("manifests", "DELETE"): manifests.delete,
    ("tags", "GET"): manifests.tags,
    ("referrers", "GET"): manifests.referrers,
}
"""(noun, method) -> handler, below /v2/."""

BESIDE: dict[tuple[str, str], tuple[str, Handler]] = {
    ("GET", "/token"): ("token", token.get),
    ("POST", "/token"): ("token", token.post),
    ("GET", "/jwks"): ("keys", house.keys),
    ("GET", "/.well-known/jwks.json"): ("keys", house.keys),
    ("GET", "/healthz"): ("health", house.health),
    ("GET", "/metrics"): ("metrics", house.metrics),
    ("GET", "/v1/_ping"): ("search", search.ping),
    ("GET", "/v1/search"): ("search", search.search),
}
"""(method, path) -> (noun, handler), outside of it."""


class Gate:
    """Answers every request that is not the web site's."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="hub")

    async def registry(self, request: web.Request) -> web.StreamResponse:
        """Below /v2/."""
        return await self._answer(request, self._registry_handler)

    async def beside(self, request: web.Request) -> web.StreamResponse:
        """The paths of `BESIDE`."""
        return await self._answer(request, self._beside_handler)

    @staticmethod
    def _registry_handler(request: web.Request) -> tuple[Target, Handler]:
        target = path.parse(request.path)
        handler = REGISTRY.get((target.noun, request.method))
        if handler is None:
            raise NotImplementedError(f"{request.method} is not offered here")
        return target, handler

    @staticmethod
    def _beside_handler(request: web.Request) -> tuple[Target, Handler]:
        noun, handler = BESIDE[request.method, request.path]
        return Target("", noun, ""), handler

    async def _answer(
        self, request: web.Request, find: Callable[[web.Request], tuple[Target, Handler]]
    ) -> web.StreamResponse:
        started, metrics = time.perf_counter(), self._services.metrics
        call: Call | None = None
        noun = "unknown"
        metrics.in_flight += 1
        try:
            target, handler = find(request)
            noun = target.noun
            call = Call(request, target, self._services, self.pool)
            response = await handler(call)
        except GoraeError as error:
            response = _failed(error, request, call)
        except (asyncio.CancelledError, ConnectionError, web.HTTPException):
            raise
        except Exception:  # noqa: BLE001 - the rim: a traceback goes to the log only
            _log.exception("%s %s failed", request.method, request.path)
            response = _document("UNKNOWN", 500, "internal error: the hub's log has the details")
        finally:
            metrics.in_flight -= 1
        metrics.count(request.method, noun, response.status, time.perf_counter() - started)
        return response


def _failed(error: GoraeError, request: web.Request, call: Call | None) -> web.Response:
    code, status = errors.code_and_status(error)
    if isinstance(error, Denied):
        code = "DENIED"
    if isinstance(error, Internal):
        _log.error("%s %s: %s", request.method, request.path, error.message)
    elif isinstance(error, Cancelled):
        _log.debug("%s %s: %s", request.method, request.path, error.message)
        status = 400
    response = _document(code, status, error.message)
    if isinstance(error, Unauthorized) and call is not None and call.challenge:
        response.headers[hdrs.WWW_AUTHENTICATE] = call.challenge
    if isinstance(error, TooMany):
        response.headers[hdrs.RETRY_AFTER] = str(error.retry_after_s)
    if isinstance(error, RangeInvalid):
        response.headers["Range"] = f"0-{max(error.size_bytes - 1, 0)}"
        response.headers["Location"] = request.path
    return response


def _document(code: str, status: int, message: str) -> web.Response:
    return web.Response(
        status=status,
        body=errors.body_of(code, message),
        headers={"Content-Type": "application/json"},
    )


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value


def make_app(services: Services) -> web.Application:
    """The registry and its site over these services."""
    app = web.Application(client_max_size=1 << 20)
    gate = Gate(services)
    for method, one in BESIDE:
        app.router.add_route(method, one, gate.beside)
    app.router.add_route("*", "/v2", gate.registry)
    app.router.add_route("*", "/v2/{path:.*}", gate.registry)
    site.add_routes(app, services, gate.pool)
    app.on_response_prepare.append(_add_headers)

    async def close(_: web.Application) -> None:
        gate.pool.shutdown(wait=True)

    app.on_cleanup.append(close)
    return app
