"""The daemon itself: ping, version, info, events, login, disk usage."""

import asyncio
import time
from collections.abc import AsyncIterator

from aiohttp import web

from gorae.api import answer, diskusage, stream
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes.transfer import credentials_of
from gorae.api.translate import event as events
from gorae.api.translate import system as translate
from gorae.errors import InvalidArgument
from gorae.wire import codec
from gorae.wire.filters import Filters
from gorae.wire.registry import AuthConfig, LoginAnswer
from gorae.wire.timestamp import parse_unix

_PING = {
    "Content-Type": "text/plain; charset=utf-8",
    "Builder-Version": "1",
    "Swarm": "inactive",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
}
_KINDS = ("container", "image", "volume", "build-cache")


def routes(services: Services) -> list[Route]:
    """Seven operations."""
    one = System(services)
    group = "System"
    return [
        Route("GET", "/_ping", one.ping, "SystemPing", group, "Whether the daemon answers"),
        Route("HEAD", "/_ping", one.ping, "SystemPingHead", group, "The same, headers only"),
        Route("GET", "/version", one.version, "SystemVersion", group, "Versions of all parts"),
        Route("GET", "/info", one.info, "SystemInfo", group, "The daemon and its host"),
        Route(
            "GET",
            "/events",
            one.events,
            "SystemEvents",
            group,
            "Events as they happen",
            streams=True,
        ),
        Route("POST", "/auth", one.auth, "SystemAuth", group, "Check a registry's credentials"),
        Route("GET", "/system/df", one.usage, "SystemDataUsage", group, "What takes space"),
    ]


class System:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ping(self, call: Call) -> web.Response:
        """As quick as can be: clients ask before every command."""
        body = b"" if call.request.method == "HEAD" else b"OK"
        return web.Response(body=body, headers=_PING)

    async def version(self, _: Call) -> web.Response:
        """Versions."""
        info = await self._services.run(self._services.system.info)
        return answer.document(translate.version(info))

    async def info(self, _: Call) -> web.Response:
        """Everything counted."""
        info = await self._services.run(self._services.system.info)
        found = translate.info(
            info,
            now_ns=time.time_ns(),
            listeners=self._services.events.listeners,
            tasks=len(asyncio.all_tasks()),
        )
        return answer.document(found)

    async def events(self, call: Call) -> web.StreamResponse:
        """Past ones from `since`, then live ones until `until`."""
        since, until = parse_unix(call.text("since")), parse_unix(call.text("until"))
        if since and until and until < since:
            asked = f"({call.text('since')}) cannot be after `until` time ({call.text('until')})"
            raise InvalidArgument(f"`since` time {asked}")
        source = self._events(since, until, call.filters())
        return await stream.chunks(call, source, at_once=True)

    async def _events(self, since: int, until: int, filters: Filters) -> AsyncIterator[bytes]:
        async for one in self._services.events.subscribe(since, until):
            if events.takes(filters, one):
                yield codec.encode_line(events.document(one))

    async def auth(self, call: Call) -> web.Response:
        """Whether the registry takes the credentials."""
        asked = await call.document(AuthConfig)
        token = await self._services.run_transfer(
            self._services.distribution.login, credentials_of(asked)
        )
        return answer.document(LoginAnswer(token, "Login Succeeded"))

    async def usage(self, call: Call) -> web.Response:
        """By kind; all kinds when none is named."""
        kinds = call.many("type") or list(_KINDS)
        for kind in kinds:
            if kind not in _KINDS:
                raise InvalidArgument(f"unknown object type: {kind}")
        return answer.document(await diskusage.collect(self._services, kinds, call.version))
