"""Volumes."""

from collections.abc import Callable

from aiohttp import web

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.translate import volume as translate
from gorae.engine.ledger import Figure
from gorae.engine.volumes import Volume
from gorae.errors import Unavailable
from gorae.wire import volume as wire
from gorae.wire.timestamp import rfc3339
from gorae.wire.version import ApiVersion

GROUP = "Volume"
PRUNE_FILTERS = ("all", "label", "label!")
ANONYMOUS_ONLY = ApiVersion(1, 42)


def routes(services: Services) -> list[Route]:
    """Six operations."""
    one = Volumes(services)
    return [
        Route("GET", "/volumes", one.list, "VolumeList", GROUP, "Volumes in a list"),
        Route("POST", "/volumes/create", one.create, "VolumeCreate", GROUP, "Make a volume"),
        Route("GET", "/volumes/{name}", one.inspect, "VolumeInspect", GROUP, "All about one"),
        Route(
            "PUT",
            "/volumes/{name}",
            one.update,
            "VolumeUpdate",
            GROUP,
            "Cluster volumes only: refused",
        ),
        Route("DELETE", "/volumes/{name}", one.delete, "VolumeDelete", GROUP, "Remove one"),
        Route("POST", "/volumes/prune", one.prune, "VolumePrune", GROUP, "Remove unused ones"),
    ]


class Volumes:
    """The handlers; the service blocks, so it runs in the pool."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.run
        self._volumes = services.volumes

    async def list(self, call: Call) -> web.Response:
        """Those that the filters take."""
        filters = call.filters(*translate.FILTERS)
        filters.flag("dangling", default=False)
        usage = self._volumes.usage()
        figures = await self._run(self._services.ledger.figures, "volume")
        found = []
        for one in self._volumes.all():
            if translate.takes(filters, one, used=bool(usage.get(one.name))):
                shown = translate.document(one)
                shown.gorae = self._origin(one, figures.get(one.name))
                found.append(shown)
        return answer.document(wire.VolumeList(found))

    def _origin(self, one: Volume, figure: Figure | None) -> wire.Origin:
        container, image = self._services.pruning.makers(one)
        size = figure.size_bytes if figure is not None else -1
        measured = rfc3339(figure.measured_ns) if figure is not None else ""
        return wire.Origin(container, image, size, measured)

    async def create(self, call: Call) -> web.Response:
        """A volume of that name; the one that is there when there is one."""
        asked = await call.document(wire.VolumeCreate, optional=True)
        labels = dict(asked.labels or {})
        if not asked.name:
            labels.setdefault("com.docker.volume.anonymous", "")
        wanted = Volume(
            name=asked.name,
            path="",
            created_ns=0,
            driver=asked.driver or "local",
            labels=labels,
            options=dict(asked.driver_opts or {}),
            anonymous=not asked.name,
        )
        made, _ = await self._run(self._volumes.ensure, wanted)
        return answer.document(translate.document(made), status=201)

    async def inspect(self, call: Call) -> web.Response:
        """One volume."""
        return answer.document(translate.document(self._volumes.get(call.id)))

    async def update(self, call: Call) -> web.Response:
        """As dockerd without a swarm."""
        raise Unavailable("volume update only valid for cluster volumes, but swarm is unavailable")

    async def delete(self, call: Call) -> web.Response:
        """204."""
        await self._services.pruning.remove_volume(
            call.id, force=call.flag("force"), batch=call.batch
        )
        return answer.nothing()

    async def prune(self, call: Call) -> web.Response:
        """Unused anonymous ones; with the filter `all`, unused named ones too."""
        takes, named = prune_choice(call)
        removed, freed = await self._services.pruning.prune_volumes(
            takes, named=named, batch=call.batch
        )
        return answer.document(wire.VolumesPruned(removed or None, freed))


def prune_choice(call: Call) -> tuple[Callable[[Volume], bool], bool]:
    """Which volumes a prune's filters take, and whether named ones are among them."""
    filters = call.filters(*PRUNE_FILTERS)
    named = call.version < ANONYMOUS_ONLY or filters.flag("all", default=False)
    return (lambda one: filters.labels(one.labels) and filters.without_labels(one.labels)), named
