"""Manifests, tags and referrers. Source: distribution-spec v1.1, end-3, end-7 to end-9, end-12."""

import json
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from gorae.hub.access import DELETE, PULL, PUSH
from gorae.hub.manifests import MAX_MANIFEST_BYTES
from gorae.hub.routes.blobs import FOREVER, read_digest
from gorae.hub.routes.call import Call
from gorae.oci.media_type import OCI_INDEX

MAX_TAGS = 1000
MAX_REFERRERS = 500


async def get(call: Call) -> web.StreamResponse:
    """By tag or digest, in the very bytes that were pushed."""
    name, reference = await call.allow(PULL), call.target.reference
    proxy = await call.proxy()
    if proxy is not None:
        proxies = call.services.proxies
        found = await call.run_long(proxies.manifest, proxy, name, reference)
    else:
        found = await call.run(call.services.manifests.get, name, reference)
    is_head = call.request.method == hdrs.METH_HEAD
    if not is_head and ":" not in reference:
        call.services.catalog.count_pull(name)
    headers = {
        "Content-Type": found.media_type,
        "Docker-Content-Digest": found.digest,
        "ETag": f'"{found.digest}"',
        "Cache-Control": FOREVER if ":" in reference else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if f'"{found.digest}"' in call.request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    if is_head:
        return web.Response(headers={**headers, "Content-Length": str(len(found.raw))})
    return web.Response(body=found.raw, headers=headers)


async def put(call: Call) -> web.StreamResponse:
    """By tag or digest."""
    name = await call.allow(PUSH)
    raw = await call.body(MAX_MANIFEST_BYTES)
    digest, subject = await call.run(
        call.services.manifests.put,
        name,
        call.target.reference,
        call.request.headers.get(hdrs.CONTENT_TYPE, ""),
        raw,
        call.caller,
    )
    headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
    if subject:
        headers["OCI-Subject"] = subject
    return web.Response(status=201, headers=headers)


async def delete(call: Call) -> web.StreamResponse:
    """A tag, or a manifest with its tags."""
    name = await call.allow(DELETE)
    reference = call.target.reference
    await call.run(call.services.manifests.delete, name, reference, call.caller)
    return web.Response(status=202)


async def tags(call: Call) -> web.StreamResponse:
    """In lexical order, a page at a time."""
    name = await call.allow(PULL)
    count = call.number("n", MAX_TAGS, MAX_TAGS)
    last = call.request.query.get("last", "")
    proxy = await call.proxy()
    if proxy is not None:
        listed = await call.run_long(call.services.proxies.tags, proxy, name)
        after = [one for one in listed if one.lower() > last.lower()]
        found, more = after[:count], len(after) > count
    else:
        found, more = await call.run(call.services.manifests.tags, name, last, count)
    response = web.json_response({"name": name, "tags": found})
    if more and found:
        link(response, call.request.path, {"n": str(count), "last": found[-1]})
    return response


async def referrers(call: Call) -> web.StreamResponse:
    """An index of the manifests that refer to one; empty where none do."""
    name = await call.allow(PULL)
    subject = read_digest(call.target.reference)
    query = call.request.query
    kind, count = query.get("artifactType", ""), call.number("n", MAX_REFERRERS, MAX_REFERRERS)
    found, more = await call.run(
        call.services.manifests.referrers, name, subject, kind, query.get("last", ""), count
    )
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}
    response = web.Response(body=json.dumps(index).encode(), headers={"Content-Type": OCI_INDEX})
    if kind:
        response.headers["OCI-Filters-Applied"] = "artifactType"
    if more and found:
        page = {"n": str(count), "last": found[-1]["digest"]}
        link(response, call.request.path, {**page, "artifactType": kind} if kind else page)
    return response


def link(response: web.Response, path: str, query: dict[str, str]) -> None:
    """Where the next page is. Source: RFC 5988."""
    response.headers["Link"] = f'<{quote(path)}?{urlencode(query)}>; rel="next"'
