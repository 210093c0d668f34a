"""A body read and an answer written by a worker thread: in order, bounded, and ended when the client leaves."""

import asyncio
import time
from typing import cast

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from gorae.api import bridge
from gorae.api.bridge import AnswerWriter, BodyReader
from gorae.errors import Cancelled, Unavailable

PATIENCE_S = 30


class Body:
    """Gives pieces one by one, then the end or an error."""

    def __init__(self, pieces: list[bytes], error: Exception | None = None) -> None:
        self.left = pieces
        self.error = error
        self.never = asyncio.Event()

    async def readany(self) -> bytes:
        await asyncio.sleep(0)
        if self.left:
            return self.left.pop(0)
        if self.error is not None:
            raise self.error
        return b""


def reader(body: object) -> BodyReader:
    return BodyReader(cast("StreamReader", body))


def test_a_body_comes_whole_and_in_order() -> None:
    async def run() -> bytes:
        one = reader(Body([bytes([number % 251]) * 1000 for number in range(5000)]))
        return await asyncio.to_thread(lambda: b"".join(iter(lambda: one.read(777), b"")))

    assert asyncio.run(run()) == b"".join(bytes([n % 251]) * 1000 for n in range(5000))


def test_no_more_is_brought_than_some_ahead() -> None:
    piece = bytes(1 << 20)

    async def run() -> int:
        body = Body([piece] * 50)
        one = reader(body)
        await asyncio.to_thread(one.read, 1)
        end = time.monotonic() + PATIENCE_S
        while len(body.left) > 46 and time.monotonic() < end:
            await asyncio.sleep(0.01)
        for _ in range(100):
            await asyncio.sleep(0)
        left = len(body.left)
        rest = await asyncio.to_thread(one.read, -1)
        assert len(rest) == 50 * len(piece) - 1
        return left

    assert asyncio.run(run()) >= 50 - 2 * (bridge.AHEAD_BYTES >> 20) - 1


def test_a_client_that_leaves_in_its_body_is_told_after_what_came() -> None:
    async def run() -> bytes:
        one = reader(Body([b"abc"], ConnectionResetError("gone")))

        def read() -> bytes:
            first = one.read(3)
            with pytest.raises(Unavailable, match="before the request was complete"):
                one.read(1)
            return first

        return await asyncio.to_thread(read)

    assert asyncio.run(run()) == b"abc"


def test_a_worker_that_waits_for_a_body_ends_with_it() -> None:
    class Silent:
        async def readany(self) -> bytes:
            await asyncio.Event().wait()
            return b""

    async def run() -> None:
        one = reader(Silent())
        reading = asyncio.get_running_loop().run_in_executor(None, one.read, 1)
        while one._pump is None:
            await asyncio.sleep(0.01)
        one.close()
        with pytest.raises(Cancelled):
            await reading

    asyncio.run(run())


def test_an_answer_comes_in_order_and_waits_for_its_reader() -> None:
    async def run() -> tuple[bytes, int]:
        out = AnswerWriter()
        written = 0

        def work() -> None:
            nonlocal written
            for number in range(20):
                out.write(bytes([number]) * (1 << 19))
                written += 1

        task = asyncio.get_running_loop().run_in_executor(None, work)
        pieces = out.pieces(task)
        first = await anext(pieces)
        for _ in range(50):
            await asyncio.sleep(0)
        early = written
        rest = [piece async for piece in pieces]
        return first + b"".join(rest), early

    data, early = asyncio.run(run())
    assert data == b"".join(bytes([n]) * (1 << 19) for n in range(20))
    assert early <= bridge.PIECES_AHEAD + 2


def test_a_writer_whose_client_left_ends() -> None:
    async def run() -> None:
        out = AnswerWriter()

        def work() -> None:
            while True:
                out.write(bytes(1 << 19))

        task = asyncio.get_running_loop().run_in_executor(None, work)
        pieces = out.pieces(task)
        await anext(pieces)
        await pieces.aclose()
        with pytest.raises(Cancelled):
            await task

    asyncio.run(run())


def test_a_body_that_is_given_up_can_be_read_on() -> None:
    """The server reads the rest of a request itself, which it cannot while another waits for the same body."""

    async def run() -> bytes:
        protocol = BaseProtocol(asyncio.get_running_loop())
        content = StreamReader(protocol, 1 << 16, loop=asyncio.get_running_loop())
        one = BodyReader(content)
        content.feed_data(b"abc")
        assert await asyncio.to_thread(one.read, 3) == b"abc"
        await one.aclose()
        content.feed_data(b"the rest")
        return await content.readany()

    assert asyncio.run(run()) == b"the rest"


def test_a_body_that_nobody_read_can_be_given_up() -> None:
    async def run() -> bytes:
        body = Body([b"abc"])
        await reader(body).aclose()
        return body.left[0]

    assert asyncio.run(run()) == b"abc"
