"""Blobs: GET and HEAD with ranges, DELETE. Source: distribution-spec v1.1, end-2 and end-10."""

import asyncio
import contextlib

from aiohttp import hdrs, web

from gorae.errors import InvalidArgument
from gorae.hub.access import DELETE, PULL, PUSH
from gorae.hub.blobs import Blob
from gorae.hub.config import ProxyConfig
from gorae.hub.fault import DigestInvalid
from gorae.hub.fetch import Fetch
from gorae.hub.routes.call import Call
from gorae.oci.digest import parse_digest

OCTETS = "application/octet-stream"
FOREVER = "max-age=31536000, immutable"


async def get(call: Call) -> web.StreamResponse:
    """The blob, whole or a range of it."""
    name = await call.allow(PULL)
    digest, proxy = wanted_digest(call), await call.proxy()
    if proxy is not None:
        return await _proxied(call, proxy, name, digest)
    blob = await call.run(call.services.blobs.get, name, digest)
    if call.request.method == hdrs.METH_HEAD and await call.may(name, PUSH):
        await call.run(call.services.blobs.keep, name, blob.digest)
    return await send(call, blob)


async def _proxied(call: Call, proxy: ProxyConfig, name: str, digest: str) -> web.StreamResponse:
    """Of another registry: what is here, or its bytes while they come."""
    proxies = call.services.proxies
    if call.request.method == hdrs.METH_HEAD:
        return _head(digest, await call.run_long(proxies.blob_size, proxy, name, digest))
    found = await call.run_long(proxies.blob, proxy, name, digest)
    if isinstance(found, Blob):
        return await send(call, found)
    try:
        return await _follow(call, found)
    finally:
        found.leave()


async def _follow(call: Call, fetch: Fetch) -> web.StreamResponse:
    """The answer's end waits for the fetch's; where that fails the connection breaks, and no blob was complete."""
    loop, more = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(more.set)

    fetch.watch(tell)
    response, at, end = await _begin(call, fetch.digest, fetch.size_bytes)
    if response.status == 416:
        return response
    while at < end:
        more.clear()
        here = min(fetch.readable_bytes, end)
        if at < here:
            piece = await loop.run_in_executor(call.pool, fetch.read, at, here)
            await response.write(piece)
            at += len(piece)
        elif fetch.error is not None:
            if call.request.transport is not None:
                call.request.transport.abort()
            raise ConnectionAbortedError(fetch.error.message)
        else:
            await more.wait()
    await response.write_eof()
    return response


def _headers(digest: str) -> dict[str, str]:
    return {
        "Docker-Content-Digest": digest,
        "Cache-Control": FOREVER,
        "Content-Type": OCTETS,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def _head(digest: str, size_bytes: int) -> web.Response:
    sizes = {"Content-Length": str(size_bytes)} if size_bytes >= 0 else {}
    return web.Response(headers={**_headers(digest), **sizes, "ETag": f'"{digest}"'})


async def send(call: Call, blob: Blob) -> web.StreamResponse:
    """A blob's answer: its file by sendfile(2), a redirect to where it is, or its bytes by our hand."""
    headers = _headers(blob.digest)
    if call.request.method == hdrs.METH_HEAD:
        return _head(blob.digest, blob.size_bytes)
    call.services.metrics.bytes_out += blob.size_bytes
    if blob.location:
        return web.Response(status=307, headers={**headers, "Location": blob.location})
    if blob.path is not None:
        return web.FileResponse(blob.path, headers=headers)
    return await _stream(call, blob)


async def _begin(call: Call, digest: str, size_bytes: int) -> tuple[web.StreamResponse, int, int]:
    """The head of an answer that is written by our hand; from where to where its bytes go."""
    headers = _headers(digest)
    first, end, status = 0, size_bytes, 200
    try:
        wanted = call.request.http_range
    except ValueError:
        wanted = slice(0, None)
    if call.request.headers.get(hdrs.RANGE):
        first, end, _ = wanted.indices(size_bytes)
        if first >= end:
            headers["Content-Range"] = f"bytes */{size_bytes}"
            return web.Response(status=416, headers=headers), 0, 0
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size_bytes}"
        status = 206
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = end - first
    await response.prepare(call.request)
    return response, first, end


async def _stream(call: Call, blob: Blob) -> web.StreamResponse:
    response, first, end = await _begin(call, blob.digest, blob.size_bytes)
    if response.status == 416:
        return response
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
