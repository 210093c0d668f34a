"""`docker search`, which speaks the first API's words. Source: observed of docker 28."""

from aiohttp import web

from gorae.hub.routes.call import Call

PAGE = 25
MOST = 100


async def ping(call: Call) -> web.StreamResponse:
    """Asked before a search."""
    del call
    return web.json_response(
        {"version": "2.0", "standalone": True},
        headers={"X-Docker-Registry-Version": "2.0", "X-Docker-Registry-Standalone": "true"},
    )


async def search(call: Call) -> web.StreamResponse:
    """Repositories that the caller may see, a page at a time."""
    await call.identify()
    query = call.request.query
    words = query.get("q", "")
    size, page = call.number("n", PAGE, MOST), max(call.number("page", 1, 10_000), 1)
    found, more = await call.run(
        call.services.catalog.search, call.account, words, page, max(size, 1)
    )
    results = [
        {
            "name": one.name,
            "description": one.description,
            "star_count": 0,
            "is_official": not one.namespace,
            "is_automated": False,
            "pull_count": one.pulls,
        }
        for one in found
    ]
    document = {
        "query": words,
        "page": page,
        "page_size": size,
        "num_pages": page + int(more),
        "num_results": len(results),
        "results": results,
    }
    return web.json_response(document)
