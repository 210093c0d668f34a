"""gorae's own operations about space: why it is taken, what a prune would take, and undo."""

from collections.abc import Iterable

from aiohttp import web

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes import builds, containers, images, networks, volumes
from gorae.engine.binrules import HOUR_NS
from gorae.engine.pruneplan import PlanItem
from gorae.errors import InvalidArgument
from gorae.store.tables.bin import BinRow
from gorae.wire import system as wire
from gorae.wire.timestamp import rfc3339

GROUP = "gorae"
KINDS = ("container", "volume", "network", "image", "build-cache")


def routes(services: Services) -> list[Route]:
    """Five operations."""
    one = Ledger(services)

    def route(method: str, path: str, handler: object, name: str, summary: str) -> Route:
        return Route(method, path, handler, name, GROUP, summary, own=True)  # type: ignore[arg-type]

    return [
        route("GET", "/gorae/system/df", one.lines, "GoraeSystemWhy", "Whose bytes, and why"),
        route("GET", "/gorae/prune", one.plan, "GoraePrunePlan", "What a prune would take"),
        route("GET", "/gorae/bin", one.entries, "GoraeBinList", "What can be brought back"),
        route("POST", "/gorae/bin/undo", one.undo, "GoraeBinUndo", "Bring something back"),
        route("DELETE", "/gorae/bin", one.empty, "GoraeBinEmpty", "Remove it for good"),
    ]


class Ledger:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pruning = services.pruning

    async def lines(self, _: Call) -> web.Response:
        """The largest first."""
        found = await self._services.run_transfer(self._services.ledger.lines)
        return answer.document(
            [
                wire.LedgerLine(
                    one.kind,
                    one.owner,
                    one.reason,
                    one.size_bytes,
                    _moment(one.used_ns),
                    _moment(one.measured_ns),
                )
                for one in found
            ]
        )

    async def plan(self, call: Call) -> web.Response:
        """The same choice that a prune with the same filters makes."""
        kind = call.text("kind")
        if kind == "container":
            items = await self._pruning.plan_containers(containers.prune_choice(call))
        elif kind == "volume":
            takes, named = volumes.prune_choice(call)
            items = await self._pruning.plan_volumes(takes, named=named)
        elif kind == "image":
            items = await self._pruning.plan_images(images.prune_filters(call))
        elif kind == "network":
            items = self._pruning.plan_networks(networks.prune_choice(call))
        elif kind == "build-cache":
            items = await self._pruning.plan_build_cache(builds.prune_choice(call))
        else:
            raise InvalidArgument(f'invalid kind "{kind}": wanted one of {", ".join(KINDS)}')
        plan = await self._pruning.plan(items)
        hours = self._services.system.facts.bin_hours if plan.kept else 0.0
        return answer.document(
            wire.PrunePlan(_items(plan.items), plan.size_bytes, plan.kept, hours)
        )

    async def entries(self, _: Call) -> web.Response:
        """The oldest first."""
        found: list[BinRow] = await self._services.run(self._pruning.entries)
        return answer.document(
            [
                wire.BinEntry(
                    row.token,
                    row.batch,
                    row.kind,
                    row.key,
                    row.name,
                    -1 if row.size_bytes is None else row.size_bytes,
                    rfc3339(row.binned_ns),
                )
                for row in found
            ]
        )

    async def undo(self, call: Call) -> web.Response:
        """`object`: a name, an id or a token; without it what the last command took."""
        back = await self._pruning.undo(call.text("object"), call.text("name"))
        return answer.document([wire.Restored(kind, name) for kind, name in back])

    async def empty(self, _: Call) -> web.Response:
        """For good."""
        return answer.document(wire.Emptied(await self._pruning.empty()))


def _items(items: Iterable[PlanItem]) -> list[wire.PlanItem]:
    return [
        wire.PlanItem(
            one.kind,
            one.key,
            one.name,
            one.reason,
            -1 if one.size_bytes is None else one.size_bytes,
            _moment(one.used_ns),
        )
        for one in items
    ]


def _moment(time_ns: int) -> str:
    return rfc3339(time_ns) if time_ns > HOUR_NS else ""
