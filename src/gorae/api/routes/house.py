"""gorae's own operations, beside Docker's, under /gorae."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.bridge import lines_of
from gorae.api.call import Call
from gorae.api.offered import offered
from gorae.api.route import Route
from gorae.engine.bootstrap import BootstrapOptions
from gorae.errors import InvalidArgument
from gorae.wire import progress, system

GROUP = "gorae"


def routes(services: Services) -> list[Route]:
    """Three operations."""
    one = House(services)
    return [
        Route(
            "POST",
            "/gorae/images/bootstrap",
            one.bootstrap,
            "GoraeImageBootstrap",
            GROUP,
            "Make a base image from a distribution's packages",
            streams=True,
            own=True,
        ),
        Route(
            "GET",
            "/gorae/system/check",
            one.check,
            "GoraeSystemCheck",
            GROUP,
            "Verify the store and the host's leftovers",
            own=True,
        ),
        Route(
            "POST",
            "/gorae/system/check",
            one.repair,
            "GoraeSystemRepair",
            GROUP,
            "The same, and repair",
            own=True,
        ),
    ]


class House:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def bootstrap(self, call: Call) -> web.StreamResponse:
        """Progress lines; the last one is `{"aux": {"ID": ...}}`."""
        name = call.text("name")
        if not name:
            raise InvalidArgument("name is needed: busybox, debian:SUITE or ubuntu:SUITE")
        options = BootstrapOptions(
            mirror=call.text("mirror"),
            tag=call.text("tag"),
            include=tuple(one for text in call.many("include") for one in text.split(",") if one),
            allow_expired=call.flag("allow_expired"),
            allow_unsigned=call.flag("allow_unsigned"),
        )
        if call.text("variant", "minbase") != "minbase":
            raise InvalidArgument(f'unknown variant "{call.text("variant")}": only minbase is made')
        return await stream.messages(call, self._bootstrap(name, options))

    async def _bootstrap(self, name: str, options: BootstrapOptions) -> AsyncIterator[bytes]:
        bootstrap = offered(self._services, "bootstrap", "image bootstrap")

        def work(emit: Callable[[bytes], None]) -> None:
            made = bootstrap.make(name, options, lambda text: emit(progress.status(text)))
            emit(progress.status(f"Bootstrapped image: {options.tag or name} {made.id}"))
            emit(progress.auxiliary({"ID": made.id}))

        async for line in lines_of(self._services.run_transfer, work):
            yield line

    async def check(self, _: Call) -> web.Response:
        """What was found."""
        return await self._check(repair=False)

    async def repair(self, call: Call) -> web.Response:
        """What was found, and what of it is in order now."""
        return await self._check(repair=call.flag("repair", default=True))

    async def _check(self, *, repair: bool) -> web.Response:
        check = offered(self._services.system, "check", "system check")
        found = await self._services.run_sweep(check, repair)
        return answer.document(
            system.CheckReport(
                [system.Finding(one.kind, one.object, one.problem, one.repaired) for one in found]
            )
        )
