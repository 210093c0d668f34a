"""What was written before is replayed no faster than the client takes it, and the end waits for it."""

import asyncio
from collections.abc import AsyncIterator

from gorae.engine.attach import Attachment, Hub
from gorae.engine.model import AttachOptions

READ_ALL = AttachOptions(stdout=True, stderr=True, stream=True, logs=True)


class Log:
    """A log of ten chunks that counts how many were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self) -> AsyncIterator[tuple[int, bytes]]:
        for number in range(10):
            self.asked += 1
            yield 1, b"%d" % number


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def attachment() -> Attachment:
    one = Hub().attach(READ_ALL)
    one.begin_replay()
    return one


async def replay_to_a_slow_client() -> None:
    one, log, taken = attachment(), Log(), []
    assert one.holds_back

    def take(_: int, data: bytes) -> None:
        taken.append(data)
        one.pause_output()

    task = asyncio.ensure_future(one.replay(log.read()))
    await settled()
    assert log.asked == 1, "nobody takes it yet"
    one.on_output(take)
    for number in range(1, 10):
        await settled()
        assert len(taken) == number
        assert log.asked <= number + 1
        one.resume_output()
    one.finish()
    assert not one.closed.done(), "the end comes after what was written before"
    one.resume_output()
    await settled()
    one.resume_output()
    await task
    assert taken == [b"%d" % number for number in range(10)]
    assert one.closed.done()
    assert not one.holds_back


async def the_client_leaves() -> None:
    one, log = attachment(), Log()
    task = asyncio.ensure_future(one.replay(log.read()))
    await settled()
    one.detach()
    await task
    assert log.asked == 1
    assert one.closed.done()


def test_a_slow_client() -> None:
    asyncio.run(replay_to_a_slow_client())


def test_a_client_that_leaves() -> None:
    asyncio.run(the_client_leaves())
