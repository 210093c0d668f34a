"""What is not the specification's: keys, health, metrics."""

import hmac

from aiohttp import web

from gorae.errors import PermissionDenied
from gorae.hub.routes.call import Call, is_trusted

LOOPBACK = ("127.0.0.0/8", "::1/128")


async def keys(call: Call) -> web.StreamResponse:
    """The public halves of the keys that sign tokens."""
    found = await call.run(call.services.bearer.published)
    return web.json_response(found, headers={"Cache-Control": "max-age=300"})


async def health(call: Call) -> web.StreamResponse:
    """Whether the database answers."""
    await call.run(call.services.facts.read, lambda tx: tx.execute("SELECT 1").fetchone())
    return web.Response(text="ok\n")


async def metrics(call: Call) -> web.StreamResponse:
    """For Prometheus: with the configured token, else from this machine alone.

    Raises:
        PermissionDenied.
    """
    token = call.services.config.metrics_token
    shown = call.request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        if not hmac.compare_digest(shown.encode(), token.encode()):
            raise PermissionDenied("metrics want the token of the hub's configuration")
    elif not is_trusted(call.address, LOOPBACK):
        raise PermissionDenied("metrics are for this machine alone; set metrics_token to open them")
    text = await call.run(call.services.metrics.text)
    return web.Response(text=text, headers={"Content-Type": "text/plain; version=0.0.4"})
