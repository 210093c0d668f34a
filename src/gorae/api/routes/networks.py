"""Networks."""

import dataclasses
import time
from collections.abc import Callable

from aiohttp import web

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.translate import endpoint
from gorae.api.translate import network as translate
from gorae.engine.networks import NetworkRecord
from gorae.errors import InvalidArgument, NotFound
from gorae.wire import network as wire
from gorae.wire.timestamp import parse_moment

GROUP = "Network"
PRUNE_FILTERS = ("label", "label!", "until")


def routes(services: Services) -> list[Route]:
    """Seven operations."""
    one = Networks(services)
    at = "/networks/{id}"
    return [
        Route("GET", "/networks", one.list, "NetworkList", GROUP, "Networks in a list"),
        Route("GET", at, one.inspect, "NetworkInspect", GROUP, "All about one"),
        Route("DELETE", at, one.delete, "NetworkDelete", GROUP, "Remove one"),
        Route("POST", "/networks/create", one.create, "NetworkCreate", GROUP, "Make a network"),
        Route("POST", f"{at}/connect", one.connect, "NetworkConnect", GROUP, "Attach a container"),
        Route(
            "POST",
            f"{at}/disconnect",
            one.disconnect,
            "NetworkDisconnect",
            GROUP,
            "Take a container off",
        ),
        Route("POST", "/networks/prune", one.prune, "NetworkPrune", GROUP, "Remove unused ones"),
    ]


class Networks:
    """The handlers; the service blocks, so it runs in the pool."""

    def __init__(self, services: Services) -> None:
        self._run = services.run
        self._networks = services.networks
        self._containers = services.containers
        self._pruning = services.pruning
        self._memberships = services.memberships

    async def list(self, call: Call) -> web.Response:
        """Those that the filters take; without their containers, as dockerd lists."""
        filters = call.filters(*translate.FILTERS)
        self._check_dangling(filters.values("dangling"))
        used = {
            one.network_id
            for container in self._containers.all()
            for one in container.state.endpoints
        }
        found = [
            translate.document(one)
            for one in self._networks.all()
            if translate.takes(filters, one, used=one.id in used)
        ]
        return answer.document(found)

    def _check_dangling(self, values: tuple[str, ...]) -> None:
        for value in values:
            if value.lower() not in ("true", "1", "false", "0"):
                raise InvalidArgument(
                    'invalid value for filter \'dangling\', must be "true" (or "1"), or '
                    '"false" (or "0")'
                )

    async def inspect(self, call: Call) -> web.Response:
        """With the running containers on it."""
        if call.text("scope") not in ("", "local"):
            self._networks.find(f"{call.id}@{call.text('scope')}")
        one = self._networks.find(call.id)
        return answer.document(translate.document(one, self._networks.attached(one.id)))

    async def create(self, call: Call) -> web.Response:
        """The id."""
        asked = await call.document(wire.NetworkCreate)
        made = await self._run(self._networks.create, translate.new_network(asked))
        return answer.document(wire.NetworkCreated(made.id), status=201)

    async def delete(self, call: Call) -> web.Response:
        """204."""
        await self._run(self._networks.remove, call.id)
        return answer.nothing()

    async def connect(self, call: Call) -> web.Response:
        """A container's further network."""
        asked = await call.document(wire.NetworkConnect)
        container = self._containers.get(asked.container)
        network = self._networks.find(call.id)
        wanted = endpoint.request(network.name, asked.endpoint_config)
        wanted = dataclasses.replace(wanted, connected=True)
        await self._memberships.connect(container.id, network.id, wanted)
        return answer.nothing(200)

    async def disconnect(self, call: Call) -> web.Response:
        """One network less."""
        asked = await call.document(wire.NetworkDisconnect)
        try:
            container = self._containers.get(asked.container)
        except NotFound as error:
            if not asked.force:
                raise
            self._networks.find(call.id)
            raise NotFound(f"endpoint {asked.container} not found") from error
        network = self._networks.find(call.id)
        await self._memberships.disconnect(container.id, network.id, force=asked.force)
        return answer.nothing(200)

    async def prune(self, call: Call) -> web.Response:
        """All own networks without containers."""
        removed = await self._pruning.prune_networks(prune_choice(call), batch=call.text("batch"))
        return answer.document(wire.NetworksPruned(removed or None))


def prune_choice(call: Call) -> Callable[[NetworkRecord], bool]:
    """Which networks a prune's filters take."""
    filters = call.filters(*PRUNE_FILTERS)
    before = [parse_moment(text, time.time_ns()) for text in filters.values("until")]

    def chosen(one: NetworkRecord) -> bool:
        labels = one.spec.labels
        return (
            filters.labels(labels)
            and filters.without_labels(labels)
            and all(one.created_ns < moment for moment in before)
        )

    return chosen
