"""The API's root and the catalog."""

from aiohttp import web

from gorae.errors import Unauthorized
from gorae.hub.routes.call import Call, bearer_challenge
from gorae.hub.routes.manifests import link
from gorae.store import share

MAX_NAMES = 1000


async def root(call: Call) -> web.StreamResponse:
    """Whether this is a registry and the credentials are good. Source: distribution-spec v1.1, end-1."""
    await call.identify()
    if "Authorization" not in call.request.headers:
        raise Unauthorized("authentication required")
    response = web.json_response({})
    if call.services.share_secret:
        response.headers["Gorae-Store"] = share.store_name(call.services.share_secret)
    return response


async def catalog(call: Call) -> web.StreamResponse:
    """Names of the repositories that the caller may see; a stranger sees the public ones."""
    await call.identify()
    call.challenge = bearer_challenge(call, "registry:catalog:*")
    count, last = call.number("n", MAX_NAMES, MAX_NAMES), call.request.query.get("last", "")
    found, more = await call.run(call.services.catalog.names, call.account, last, count)
    response = web.json_response({"repositories": found})
    if more and found:
        link(response, call.request.path, {"n": str(count), "last": found[-1]})
    return response
