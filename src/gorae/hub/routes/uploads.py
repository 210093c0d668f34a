"""Uploads: monolithic, chunked, streamed, mounted. Source: distribution-spec v1.1, end-4 to end-6, end-11, end-13."""

import asyncio
import hmac
import re

from aiohttp import web

from gorae.hub.access import PULL, PUSH
from gorae.hub.fault import NameInvalid, RangeInvalid
from gorae.hub.path import check_name
from gorae.hub.routes.blobs import read_digest
from gorae.hub.routes.call import Call
from gorae.hub.tables.uploads import Upload
from gorae.hub.uploads import Part
from gorae.store import share

PIECE = 256 << 10
PROOF = "Gorae-Store-Proof"
_RANGE = re.compile(r"(?:bytes )?([0-9]{1,18})-([0-9]{1,18})")


async def start(call: Call) -> web.StreamResponse:
    """A new session; with `digest` the whole blob at once; with `mount` no bytes at all where that can be."""
    name = await call.allow(PUSH)
    query = call.request.query
    if query.get("mount"):
        digest = read_digest(query["mount"])
        if await _linked(call, name, digest, query.get("from", "")):
            return _created(name, digest)
    digest = read_digest(query["digest"]) if query.get("digest") else ""
    upload = await call.run(call.services.uploads.start, name, call.caller)
    if digest:
        with call.services.uploads.alone(upload.id):
            upload = await _receive(call, upload, None)
            await call.run(call.services.uploads.finish, upload, digest)
        return _created(name, digest)
    return _accepted(upload)


async def _linked(call: Call, name: str, digest: str, source: str) -> bool:
    """Whether the blob is in the repository without its bytes having been sent.

    Either another repository links it, from which the caller may pull; or the caller is the engine that shares our
    store and shows so. A digest alone gives nobody anything.
    """
    secret, shown = call.services.share_secret, call.request.headers.get(PROOF, "")
    wanted = share.proof(secret, name, digest).encode()
    if secret and hmac.compare_digest(shown.encode(), wanted):
        return await call.run(call.services.blobs.link, name, digest)
    try:
        check_name(source)
    except NameInvalid:
        return False
    return await call.may(source, PULL) and await call.run(
        call.services.blobs.mount, name, digest, source
    )


async def patch(call: Call) -> web.StreamResponse:
    """The next chunk; without Content-Range whatever comes, from where the upload ended."""
    upload = await _find(call)
    with call.services.uploads.alone(upload.id):
        return _accepted(await _receive(call, upload, _first_byte(call)))


async def finish(call: Call) -> web.StreamResponse:
    """The last chunk, if any; then the blob is."""
    name = await call.allow(PUSH)
    digest = read_digest(call.request.query.get("digest", ""))
    upload = await call.run(call.services.uploads.get, name, call.target.reference)
    with call.services.uploads.alone(upload.id):
        if call.request.body_exists:
            upload = await _receive(call, upload, _first_byte(call))
        await call.run(call.services.uploads.finish, upload, digest)
    return _created(name, digest)


async def status(call: Call) -> web.StreamResponse:
    """Where the next chunk begins."""
    response = _accepted(await _find(call))
    response.set_status(204)
    return response


async def cancel(call: Call) -> web.StreamResponse:
    """Forget it."""
    upload = await _find(call)
    with call.services.uploads.alone(upload.id):
        await call.run(call.services.uploads.cancel, upload)
    return web.Response(status=204)


async def _find(call: Call) -> Upload:
    name = await call.allow(PUSH)
    return await call.run(call.services.uploads.get, name, call.target.reference)


def _first_byte(call: Call) -> int | None:
    """Of the chunk, by Content-Range. Raises: RangeInvalid."""
    text = call.request.headers.get("Content-Range", "")
    if not text:
        return None
    found = _RANGE.fullmatch(text.partition("/")[0].strip())
    length = call.request.content_length
    if found is None:
        raise RangeInvalid(f'Content-Range wants FIRST-LAST, found "{text[:60]}"', 0)
    first, last = int(found[1]), int(found[2])
    if last < first - 1 or (length is not None and length != last - first + 1):
        raise RangeInvalid(f'Content-Range "{text[:60]}" does not fit the body', 0)
    return first


async def _receive(call: Call, upload: Upload, first: int | None) -> Upload:
    """Take the body in: one piece is hashed and written in a thread while the next one comes."""
    uploads = call.services.uploads
    part = await call.run(uploads.receive, upload, first)
    try:
        await _pour(call, part)
    finally:
        # Also after a cut: what has come is here, and the client may go on from there.
        after = await asyncio.shield(call.run(uploads.end, part))
        call.services.metrics.bytes_in += after.size_bytes - upload.size_bytes
    return after


async def _pour(call: Call, part: Part) -> None:
    loop = asyncio.get_running_loop()
    writing: asyncio.Future[None] | None = None
    held: list[bytes] = []
    size = 0
    try:
        async for data in call.pieces():
            held.append(data)
            size += len(data)
            if size >= PIECE:
                if writing is not None:
                    await writing
                writing = loop.run_in_executor(call.pool, part.write, b"".join(held))
                held, size = [], 0
    finally:
        if writing is not None:
            await writing
        if held:
            await loop.run_in_executor(call.pool, part.write, b"".join(held))


def location(upload: Upload) -> str:
    """The session's own URL."""
    return f"/v2/{upload.repository}/blobs/uploads/{upload.id}"


def _accepted(upload: Upload) -> web.Response:
    last = max(upload.size_bytes - 1, 0)
    headers = {
        "Location": location(upload),
        "Range": f"0-{last}",
        "Docker-Upload-UUID": upload.id,
    }
    return web.Response(status=202, headers=headers)


def _created(name: str, digest: str) -> web.Response:
    headers = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return web.Response(status=201, headers=headers)
