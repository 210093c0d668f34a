"""One connection of `wire.build`, from the upgrade to its end, around work that blocks in a thread."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web

from gorae.api import hijack
from gorae.api.buildstream import BuildStream
from gorae.api.call import Call
from gorae.build.cancel import Cancel
from gorae.errors import InvalidArgument
from gorae.wire import build as wire

HEAD = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.gorae.build\r\n"
    b"Connection: Upgrade\r\nUpgrade: gorae-build\r\n\r\n"
)
Work = Callable[[], None]


def check_upgrade(call: Call) -> None:
    """Raises: InvalidArgument: the request does not ask for the connection."""
    if not hijack.wants_upgrade(call):
        raise InvalidArgument(f"this endpoint needs Connection: Upgrade, Upgrade: {wire.UPGRADE}")


async def hold(
    call: Call,
    run: Callable[[Work], Awaitable[Any]],
    work: Callable[[BuildStream, Cancel, asyncio.Transport], Work],
) -> web.StreamResponse:
    """Take the connection over and carry out what `work` makes, by `run`; the client's leaving cancels it."""
    transport = cast("asyncio.Transport", call.request.transport)
    if transport is None or transport.is_closing():
        return hijack.Hijacked()
    cancel = Cancel()
    before = cast("asyncio.BaseProtocol", call.request.protocol)
    stream = BuildStream(transport, before, lambda: cancel.set("the client left"))
    body = work(stream, cancel, transport)
    stream.begin(HEAD)
    try:
        await asyncio.shield(run(body))
    except asyncio.CancelledError:
        cancel.set("the client left")
        raise
    finally:
        transport.close()
    with contextlib.suppress(asyncio.CancelledError):
        await stream.lost
    return hijack.Hijacked()
