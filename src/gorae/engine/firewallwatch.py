"""Reacts to changes of the host's rules that are not ours: a flush, a reload of a firewall, a port closed or opened."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine.spawn import Spawner
from gorae.errors import GoraeError
from gorae.net.nftwatch import RuleWatch

SETTLE_S = 0.05
"""A firewall's reload is several transactions: they are looked at together."""
_log = logging.getLogger("gorae")


class FirewallWatch:
    """Calls `review` in the pool after foreign changes; one review at a time."""

    def __init__(
        self, review: Callable[[], bool], run: Callable[..., Awaitable[Any]], spawn: Spawner
    ) -> None:
        self._review = review
        self._run = run
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._watch = RuleWatch()
        self._timer: asyncio.TimerHandle | None = None
        self._reviewing = False
        self._loop.add_reader(self._watch.fileno(), self._ready)

    def _ready(self) -> None:
        if self._watch.read() and self._timer is None:
            self._timer = self._loop.call_later(SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._timer = None
        if self._reviewing:
            self._timer = self._loop.call_later(SETTLE_S, self._settled)
            return
        self._reviewing = True
        self._spawn(self._do())

    async def _do(self) -> None:
        try:
            if await self._run(self._review):
                _log.info("the host's rules were changed: ours are adapted")
        except GoraeError as error:
            _log.error("the host's rules were changed and ours could not be adapted: %s", error)
        finally:
            self._reviewing = False

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._watch.fileno())
        self._watch.close()
