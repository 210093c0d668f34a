"""A container's streams: attach (hijacked, websocket), logs, stats, wait."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web
from msgspec import UNSET

from gorae.api import answer, hijack, stream
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.translate import stats as translate
from gorae.engine.model import AttachOptions, Container, LogOptions
from gorae.engine.usage import Usage
from gorae.errors import GoraeError, InvalidArgument
from gorae.wire import codec, detachkeys, stdcopy
from gorae.wire import container as wire
from gorae.wire.timestamp import parse_moment, parse_unix
from gorae.wire.version import ApiVersion

STATS_INTERVAL_S = 1.0
PAIR_INTERVAL_S = 0.7
"""Between the two readings of one answer: what a rate needs, and less than the command line's next tick."""
WEBSOCKET_QUEUE = 64
CONDITIONS = ("", "not-running", "next-exit", "removed")
WAIT_HEADERS_AT_ONCE = ApiVersion(1, 30)


class ContainerStreams:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._containers = services.containers

    # attach -----------------------------------------------------------------------------------

    async def attach(self, call: Call) -> web.StreamResponse:
        """The connection becomes the container's streams."""
        one, options, keys = self._asked(call)
        attachment = await self._containers.attach(one.id, options)
        detach = detachkeys.DetachFilter(keys) if one.spec.tty and options.stdin else None
        left = await hijack.hijack(call, attachment, tty=one.spec.tty, detach=detach)
        if left:
            self._publish_detach(one)
        return hijack.Hijacked()

    def _asked(self, call: Call) -> tuple[Container, AttachOptions, bytes]:
        keys = detachkeys.parse(call.text("detachKeys"))
        one = self._containers.get(call.id)
        options = AttachOptions(
            stdin=call.flag("stdin") and one.spec.open_stdin,
            stdout=call.flag("stdout"),
            stderr=call.flag("stderr"),
            stream=call.flag("stream"),
            logs=call.flag("logs"),
        )
        return one, options, keys

    def _publish_detach(self, one: Container) -> None:
        attributes = {**one.spec.labels, "image": one.spec.image, "name": one.name}
        self._services.events.publish("container", "detach", one.id, attributes)

    async def websocket(self, call: Call) -> web.StreamResponse:
        """The streams as binary messages, without frames."""
        one, options, keys = self._asked(call)
        socket = web.WebSocketResponse()
        if not socket.can_prepare(call.request).ok:
            raise InvalidArgument("bad handshake: a websocket upgrade is wanted here")
        attachment = await self._containers.attach(one.id, options)
        await socket.prepare(call.request)
        detach = detachkeys.DetachFilter(keys) if one.spec.tty and options.stdin else None
        await _WebSocketCoupling(socket, attachment, detach).run()
        return socket

    # wait -------------------------------------------------------------------------------------

    async def wait(self, call: Call) -> web.StreamResponse:
        """Status and headers go at once: clients start the container when they have seen them."""
        condition = call.text("condition")
        if condition not in CONDITIONS:
            raise InvalidArgument(f'invalid condition: "{condition}"')
        waiter = await self._containers.wait(call.id, condition or "not-running")
        if call.version < WAIT_HEADERS_AT_ONCE:
            return answer.document(_waited(await waiter))
        response = await stream.begin(call)
        try:
            await response.write(codec.encode_line(_waited(await waiter)))
        finally:
            waiter.cancel()
        await response.write_eof()
        return response

    # logs -------------------------------------------------------------------------------------

    async def logs(self, call: Call) -> web.StreamResponse:
        """What was written, and with `follow` what comes."""
        stdout, stderr = call.flag("stdout"), call.flag("stderr")
        if not stdout and not stderr:
            raise InvalidArgument("Bad parameters: you must choose at least one stream")
        one = self._containers.get(call.id)
        options = LogOptions(
            stdout=stdout,
            stderr=stderr,
            follow=call.flag("follow"),
            since_ns=_moment(call.text("since")),
            until_ns=_moment(call.text("until")),
            tail=_tail(call.text("tail")),
            timestamps=call.flag("timestamps"),
            details=call.flag("details"),
        )
        source = self._containers.logs(one.id, options)
        pieces = _plain(source) if one.spec.tty else _framed(source)
        kind = hijack.content_type(call, tty=one.spec.tty)
        return await stream.chunks(call, pieces, kind, at_once=options.follow)

    # stats ------------------------------------------------------------------------------------

    async def stats(self, call: Call) -> web.StreamResponse:
        """A reading each second, or one; `one-shot` has no second one to compare with."""
        one = self._containers.get(call.id)
        once = not call.flag("stream", default=True)
        if once:
            return await self._one_reading(call, one)
        return await stream.chunks(call, self._readings(one), at_once=True)

    async def _one_reading(self, call: Call, one: Container) -> web.StreamResponse:
        before = None
        now = await self._containers.usage(one.id)
        if now is not None and not call.flag("one-shot"):
            before = now
            await asyncio.sleep(PAIR_INTERVAL_S)
            now = await self._containers.usage(one.id)
        return answer.document(translate.document(await self._subject(one), now, before))

    async def _readings(self, one: Container) -> AsyncIterator[bytes]:
        """Until the container is removed; while it does not run its line is empty."""
        subject = await self._subject(one)
        before: Usage | None = None
        while True:
            began = time.monotonic()
            try:
                self._containers.get(one.id)
                now = await self._containers.usage(one.id)
            except GoraeError:
                return
            yield codec.encode_line(translate.document(subject, now, before))
            before = now
            await asyncio.sleep(max(0.0, STATS_INTERVAL_S - (time.monotonic() - began)))

    async def _subject(self, one: Container) -> translate.Subject:
        info = await self._services.run(self._services.system.info)
        return translate.Subject(one.id, one.name, info.memory_bytes)


def _waited(status: Any) -> wire.Waited:
    return wire.Waited(wire.WaitError(status.error) if status.error else UNSET, status.code)


def _moment(text: str) -> int:
    """Seconds as clients send them; the older forms of a time too."""
    try:
        return parse_unix(text)
    except InvalidArgument:
        if "T" not in text and "-" not in text:
            raise
        return parse_moment(text, time.time_ns())


def _tail(text: str) -> int | None:
    """A number of lines; anything else is all."""
    return int(text) if text.isascii() and text.isdigit() else None


async def _framed(source: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(source) as chunks:  # type: ignore[type-var]
        async for number, data in chunks:
            yield stdcopy.frame(number, data)


async def _plain(source: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(source) as chunks:  # type: ignore[type-var]
        async for _, data in chunks:
            yield data


class _WebSocketCoupling:
    """A websocket and an attachment; a full queue of output pauses the process."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        attachment: hijack.Attachment,
        detach: detachkeys.DetachFilter | None,
    ) -> None:
        self._socket = socket
        self._attachment = attachment
        self._detach = detach
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def run(self) -> None:
        """Until the process or the client ends."""
        self._attachment.on_output(self._output)
        self._attachment.closed.add_done_callback(lambda _: self._queue.put_nowait(None))
        reading = asyncio.ensure_future(self._read())
        writing = asyncio.ensure_future(self._write())
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done() and self._attachment.closed.done():
                await writing
        finally:
            self._attachment.detach()
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
            await self._socket.close()

    def _output(self, _: int, data: bytes) -> None:
        self._queue.put_nowait(data)
        if self._queue.qsize() >= WEBSOCKET_QUEUE:
            self._attachment.pause_output()

    async def _write(self) -> None:
        while (data := await self._queue.get()) is not None:
            await self._socket.send_bytes(data)
            if self._queue.empty():
                self._attachment.resume_output()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            data = message.data.encode() if message.type is WSMsgType.TEXT else message.data
            if self._detach is not None:
                data = self._detach.feed(data)
            if data:
                self._attachment.write_stdin(data)
            if self._detach is not None and self._detach.found:
                return
        self._attachment.close_stdin()
