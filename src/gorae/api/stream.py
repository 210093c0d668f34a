"""Answers that go on: JSON lines, raw chunks. A slow client slows its source."""

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from aiohttp import HttpVersion11, web

from gorae.api import answer
from gorae.api.call import Call
from gorae.errors import GoraeError
from gorae.wire import progress

_log = logging.getLogger("gorae.api")


async def begin(
    call: Call, content_type: str = answer.JSON, *, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    """Send status and headers now; the body follows."""
    response = web.StreamResponse(headers={"Content-Type": content_type, **(headers or {})})
    if call.request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    await response.prepare(call.request)
    return response


async def chunks(
    call: Call,
    source: AsyncIterator[bytes],
    content_type: str = answer.JSON,
    *,
    at_once: bool = False,
    headers: dict[str, str] | None = None,
) -> web.StreamResponse:
    """Pass `source` on; `at_once`: the headers go before its first bytes are there.

    An error before the first bytes is an ordinary answer; later ones break the connection off,
    which is the only thing that a client of raw bytes can notice.
    """
    async with contextlib.aclosing(_as_generator(source)) as pieces:
        first = b"" if at_once else await anext(pieces, b"")
        response = await begin(call, content_type, headers=headers)
        if first:
            await response.write(first)
        return await _rest(response, pieces)


async def _rest(response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    try:
        async for piece in pieces:
            await response.write(piece)
    except GoraeError as error:
        _log.warning("an answer broke off: %s", error)
        raise ConnectionResetError(f"the stream broke off: {error}") from error
    await response.write_eof()
    return response


async def messages(
    call: Call, source: AsyncIterator[bytes], *, at_once: bool = False
) -> web.StreamResponse:
    """Progress lines; an error after the first is a line itself, as docker's clients expect."""
    async with contextlib.aclosing(_as_generator(source)) as lines:
        first = b"" if at_once else await anext(lines, b"")
        response = await begin(call)
        try:
            if first:
                await response.write(first)
            async for line in lines:
                await response.write(line)
        except GoraeError as error:
            await response.write(progress.failure(error.message))
    await response.write_eof()
    return response


async def _as_generator(source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """An async generator around any iterator, so that it can be closed."""
    try:
        async for piece in source:
            yield piece
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()
