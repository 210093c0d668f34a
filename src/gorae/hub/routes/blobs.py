"""Blobs: GET and HEAD with ranges, DELETE. Source: distribution-spec v1.1, end-2 and end-10."""

import asyncio

from aiohttp import hdrs, web

from gorae.errors import InvalidArgument
from gorae.hub.access import DELETE, PULL, PUSH
from gorae.hub.blobs import Blob
from gorae.hub.fault import DigestInvalid
from gorae.hub.routes.call import Call
from gorae.oci.digest import parse_digest

OCTETS = "application/octet-stream"
FOREVER = "max-age=31536000, immutable"


async def get(call: Call) -> web.StreamResponse:
    """The blob, whole or a range of it."""
    name = await call.allow(PULL)
    digest, proxy = wanted_digest(call), await call.proxy()
    if proxy is not None:
        return await send(
            call, await call.run_long(call.services.proxies.blob, proxy, name, digest)
        )
    blob = await call.run(call.services.blobs.get, name, digest)
    if call.request.method == hdrs.METH_HEAD and await call.may(name, PUSH):
        await call.run(call.services.blobs.keep, name, blob.digest)
    return await send(call, blob)


async def send(call: Call, blob: Blob) -> web.StreamResponse:
    """A blob's answer: its file by sendfile(2), a redirect to where it is, or its bytes by our hand."""
    headers = {
        "Docker-Content-Digest": blob.digest,
        "Cache-Control": FOREVER,
        "Content-Type": OCTETS,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    if call.request.method == hdrs.METH_HEAD:
        headers["Content-Length"] = str(blob.size_bytes)
        headers["ETag"] = f'"{blob.digest}"'
        return web.Response(headers=headers)
    call.services.metrics.bytes_out += blob.size_bytes
    if blob.location:
        return web.Response(status=307, headers={**headers, "Location": blob.location})
    if blob.path is not None:
        return web.FileResponse(blob.path, headers=headers)
    return await _stream(call, blob, headers)


async def _stream(call: Call, blob: Blob, headers: dict[str, str]) -> web.StreamResponse:
    first, end, status = 0, blob.size_bytes, 200
    try:
        wanted = call.request.http_range
    except ValueError:
        wanted = slice(0, None)
    if call.request.headers.get(hdrs.RANGE):
        first, end, _ = wanted.indices(blob.size_bytes)
        if first >= end:
            headers["Content-Range"] = f"bytes */{blob.size_bytes}"
            return web.Response(status=416, headers=headers)
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{blob.size_bytes}"
        status = 206
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = end - first
    await response.prepare(call.request)
    pieces = call.services.blobs.read(blob.digest, first, end)
    loop = asyncio.get_running_loop()
    while (piece := await loop.run_in_executor(call.pool, next, pieces, None)) is not None:
        await response.write(piece)
    await response.write_eof()
    return response


async def delete(call: Call) -> web.StreamResponse:
    """The repository shows it no more."""
    name = await call.allow(DELETE)
    await call.run(call.services.blobs.delete, name, wanted_digest(call), call.caller)
    return web.Response(status=202)


def wanted_digest(call: Call) -> str:
    """The digest in the path. Raises: DigestInvalid."""
    return read_digest(call.target.reference)


def read_digest(text: str) -> str:
    """Raises: DigestInvalid."""
    try:
        return parse_digest(text)
    except InvalidArgument as error:
        raise DigestInvalid(error.message[:300]) from None
