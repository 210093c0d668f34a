"""Containers: the list, create, inspect, and the operations that change their state."""

import dataclasses
import functools
import platform
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes.container_files import ContainerFiles
from gorae.api.routes.container_streams import ContainerStreams
from gorae.api.translate import create, hostconfig, inspect
from gorae.api.translate.hostconfig import Defaults
from gorae.api.translate.summary import FILTERS, Chosen, summary
from gorae.engine.model import Container, Status
from gorae.errors import GoraeError, InvalidArgument
from gorae.wire import codec
from gorae.wire import container as wire
from gorae.wire.filters import Filters
from gorae.wire.hostconfig import HostConfig, Updated
from gorae.wire.timestamp import parse_moment

GROUP = "Container"
PRUNE_FILTERS = ("label", "label!", "until")


def routes(services: Services) -> list[Route]:
    """Twenty-five operations."""
    one = Containers(services)
    flows = ContainerStreams(services)
    files = ContainerFiles(services)
    route = functools.partial(Route, group=GROUP)
    get, post = functools.partial(route, "GET"), functools.partial(route, "POST")
    at = "/containers/{id}"
    return [
        get("/containers/json", one.list, "ContainerList", summary="Containers in a list"),
        post("/containers/create", one.create, "ContainerCreate", summary="Make a container"),
        get(f"{at}/json", one.inspect, "ContainerInspect", summary="All about a container"),
        get(f"{at}/top", one.top, "ContainerTop", summary="Its processes"),
        get(f"{at}/logs", flows.logs, "ContainerLogs", summary="Its output", streams=True),
        get(f"{at}/changes", files.changes, "ContainerChanges", summary="Changed paths"),
        get(
            f"{at}/export",
            files.export,
            "ContainerExport",
            summary="Its files as tar",
            streams=True,
        ),
        get(f"{at}/stats", flows.stats, "ContainerStats", summary="What it uses", streams=True),
        post(f"{at}/resize", one.resize, "ContainerResize", summary="Its terminal's size"),
        post(f"{at}/start", one.start, "ContainerStart", summary="Start it"),
        post(f"{at}/stop", one.stop, "ContainerStop", summary="Stop it"),
        post(f"{at}/restart", one.restart, "ContainerRestart", summary="Stop, then start it"),
        post(f"{at}/kill", one.kill, "ContainerKill", summary="Send it a signal"),
        post(f"{at}/update", one.update, "ContainerUpdate", summary="Change its limits"),
        post(f"{at}/rename", one.rename, "ContainerRename", summary="Give it another name"),
        post(f"{at}/pause", one.pause, "ContainerPause", summary="Freeze its processes"),
        post(f"{at}/unpause", one.unpause, "ContainerUnpause", summary="Let them go on"),
        post(
            f"{at}/attach",
            flows.attach,
            "ContainerAttach",
            summary="Its streams, live",
            streams=True,
        ),
        get(
            f"{at}/attach/ws",
            flows.websocket,
            "ContainerAttachWebsocket",
            summary="The same over a websocket",
            streams=True,
        ),
        post(f"{at}/wait", flows.wait, "ContainerWait", summary="Wait for its end", streams=True),
        route("DELETE", at, one.delete, "ContainerDelete", summary="Remove it"),
        route(
            "HEAD",
            f"{at}/archive",
            files.stat,
            "ContainerArchiveInfo",
            summary="About a path in it",
        ),
        get(f"{at}/archive", files.read, "ContainerArchive", summary="A path as tar", streams=True),
        route(
            "PUT",
            f"{at}/archive",
            files.write,
            "PutContainerArchive",
            summary="Unpack a tar at a path",
            streams=True,
        ),
        post("/containers/prune", one.prune, "ContainerPrune", summary="Remove stopped ones"),
    ]


class Containers:
    """The handlers; `services.containers` does the work."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._containers = services.containers
        self._removals = services.removals

    # reading ----------------------------------------------------------------------------------

    async def list(self, call: Call) -> web.Response:
        """Running ones, or all; newest first."""
        filters = call.filters(*FILTERS)
        chosen = Chosen(filters, self._containers.get, await self._ancestors(filters))
        limit = call.number("limit") or 0
        every = call.flag("all") or limit > 0 or chosen.wants_stopped
        found = [
            one
            for one in self._containers.all()
            if (every or one.state.pid or one.state.status is Status.RESTARTING)
            and chosen.takes(one)
        ]
        found = found[:limit] if limit > 0 else found
        now = time.time_ns()
        sized = call.flag("size")
        return answer.document(
            [
                summary(
                    one, now_ns=now, sizes=await self._containers.sizes(one.id) if sized else None
                )
                for one in found
            ]
        )

    async def _ancestors(self, filters: Filters) -> Any:
        """What images an `ancestor` filter means: the one named and those made on its layers."""
        if "ancestor" not in filters:
            return lambda _: ()
        every = await self._services.run(self._services.images.all)
        found: dict[str, set[str]] = {}
        for name in filters.values("ancestor"):
            try:
                base = await self._services.run(self._services.images.resolve, name)
            except GoraeError:
                continue
            layers = base.config.diff_ids
            found[name] = {
                one.id
                for one in every
                if one.id == base.id or (layers and one.config.diff_ids[: len(layers)] == layers)
            }
        return lambda name: found.get(name, set())

    async def inspect(self, call: Call) -> web.Response:
        """The whole record."""
        one = self._containers.get(call.id)
        sizes = await self._containers.sizes(one.id) if call.flag("size") else (None, None)
        layers = getattr(self._containers, "layers", None)
        extra = inspect.Extra(
            exec_ids=self._services.execs.of_container(one.id),
            layers=layers(one.id) if layers else None,
            size_rw=sizes[0],
            size_root_fs=sizes[1],
        )
        return answer.document(inspect.document(one, extra))

    async def top(self, call: Call) -> web.Response:
        """`ps` of its processes."""
        titles, found = await self._containers.top(call.id, call.text("ps_args", "-ef"))
        return answer.document(wire.Top([list(row) for row in found], list(titles)))

    # making and changing ----------------------------------------------------------------------

    async def create(self, call: Call) -> web.Response:
        """Checked, completed, made."""
        asked = await call.document(wire.ContainerCreate)
        new = create.new_container(
            asked, self._defaults(), lambda ref: self._containers.get(ref).id
        )
        spec = dataclasses.replace(new.spec, caller=call.caller(), platform=call.text("platform"))
        made = await self._containers.create(call.text("name"), spec, new.request)
        return answer.document(
            wire.ContainerCreated(made.id, [*new.warnings, *made.warnings]), status=201
        )

    def _defaults(self) -> Defaults:
        system = self._services.system
        return Defaults(
            hostname=platform.node(),
            log=system.facts.log,
            runtime=system.facts.runtime,
            cgroup_v2=system.host.cgroup == "v2",
            limits=system.host.limits,
        )

    async def start(self, call: Call) -> web.Response:
        """204, or 304 when it runs."""
        await self._containers.start(call.id)
        return answer.nothing()

    async def stop(self, call: Call) -> web.Response:
        """204, or 304 when it does not run."""
        await self._containers.stop(call.id, timeout_s=call.number("t"), signal=call.text("signal"))
        return answer.nothing()

    async def restart(self, call: Call) -> web.Response:
        """204."""
        await self._containers.restart(
            call.id, timeout_s=call.number("t"), signal=call.text("signal")
        )
        return answer.nothing()

    async def kill(self, call: Call) -> web.Response:
        """KILL unless a signal is named."""
        await self._containers.kill(call.id, call.text("signal") or "KILL")
        return answer.nothing()

    async def pause(self, call: Call) -> web.Response:
        """204."""
        await self._containers.pause(call.id)
        return answer.nothing()

    async def unpause(self, call: Call) -> web.Response:
        """204."""
        await self._containers.unpause(call.id)
        return answer.nothing()

    async def rename(self, call: Call) -> web.Response:
        """204."""
        await self._containers.rename(call.id, call.text("name"))
        return answer.nothing()

    async def resize(self, call: Call) -> web.Response:
        """Rows and columns from h and w."""
        rows, columns = call.size()
        await self._containers.resize(call.id, rows, columns)
        return answer.nothing(200)

    async def delete(self, call: Call) -> web.Response:
        """204; a removal of a link alone is an older feature that nobody has."""
        if call.flag("link"):
            raise InvalidArgument("removing a link alone is not supported")
        await self._removals.remove(
            call.id, force=call.flag("force"), volumes=call.flag("v"), batch=call.batch
        )
        return answer.nothing()

    async def update(self, call: Call) -> web.Response:
        """Limits and restart policy; what is not said stays."""
        one = self._containers.get(call.id)
        asked = await call.document(HostConfig, optional=True)
        kept = codec.decode(wire.ContainerCreate, one.request.encode("utf-8", "surrogateescape"))
        host = hostconfig.updated(kept.host_config, asked)
        request = msgspec.structs.replace(kept, host_config=host)
        policy = asked.restart_policy
        warnings = await self._containers.update(
            one.id,
            hostconfig.resources(host),
            hostconfig.restart_policy(policy) if policy.name else None,
            codec.encode(request).decode(),
        )
        return answer.document(Updated(list(warnings) or None))

    async def prune(self, call: Call) -> web.Response:
        """All that do not run and that the filters take."""
        removed, freed = await self._services.pruning.prune_containers(
            prune_choice(call), batch=call.batch
        )
        return answer.document(wire.ContainersPruned(list(removed) or None, freed))


def prune_choice(call: Call) -> Callable[[Container], bool]:
    """Which containers a prune's filters take."""
    filters = call.filters(*PRUNE_FILTERS)
    before = [parse_moment(text, time.time_ns()) for text in filters.values("until")]

    def chosen(one: Container) -> bool:
        return (
            filters.labels(one.spec.labels)
            and filters.without_labels(one.spec.labels)
            and all(one.created_ns < moment for moment in before)
        )

    return chosen
