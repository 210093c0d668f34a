"""gorae's own operations on containers: why one ended, how it is reached, and changes while it runs."""

from aiohttp import web
from msgspec import UNSET, structs

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.offered import offered
from gorae.api.route import Route
from gorae.api.translate import hostconfig, mount
from gorae.engine.editing import Edit
from gorae.engine.model import ContainerSpec
from gorae.errors import InvalidArgument
from gorae.wire import codec, house
from gorae.wire import container as containers
from gorae.wire.hostconfig import PortBinding
from gorae.wire.timestamp import rfc3339

GROUP = "gorae"


def routes(services: Services) -> list[Route]:
    """Four operations."""
    one = Insight(services)
    at = "/gorae/containers/{id}"
    return [
        Route("GET", f"{at}/why", one.why, "GoraeContainerWhy", GROUP, "How it ended", own=True),
        Route(
            "GET",
            f"{at}/ports",
            one.ports,
            "GoraePortDoctor",
            GROUP,
            "Its published ports and what the host's rules say of them",
            own=True,
        ),
        Route(
            "GET",
            f"{at}/network",
            one.network,
            "GoraeNetworkExplain",
            GROUP,
            "How packets reach it and leave it",
            own=True,
        ),
        Route(
            "POST",
            f"{at}/set",
            one.set,
            "GoraeContainerSet",
            GROUP,
            "Change ports, labels and mounts now",
            own=True,
        ),
    ]


class Insight:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def why(self, call: Call) -> web.Response:
        """The last end, also of one that is gone."""
        found = await offered(self._services, "endings", "why").why(call.id)
        victim = found.victim
        return answer.document(
            house.Why(
                id=found.container_id,
                name=found.name,
                image=found.image,
                reason=found.reason,
                exit_code=found.exit_code,
                signal=found.signal,
                oom_killed=found.oom_killed,
                memory_limit=found.memory_limit_bytes,
                memory_peak=found.memory_peak_bytes,
                victim=house.Victim(victim.pid, victim.command, victim.memory_bytes)
                if victim
                else None,
                error=found.error,
                started_at=rfc3339(found.started_ns),
                finished_at=rfc3339(found.ended_ns),
                restart_count=found.restart_count,
                lines=list(found.lines),
                health=found.health.status,
                health_log=[
                    house.HealthResult(
                        rfc3339(one.started_ns), rfc3339(one.ended_ns), one.exit_code, one.output
                    )
                    for one in found.health.log
                ],
            )
        )

    async def ports(self, call: Call) -> web.Response:
        """Each published port, from every interface."""
        paths = offered(self._services, "paths", "port doctor")
        one = self._services.containers.get(call.id)
        found = await self._services.run(paths.doctor, one)
        return answer.document(
            house.PortDoctor(
                found.mode,
                [
                    house.PortReport(
                        report.port.host_ip,
                        report.port.host_port,
                        report.port.container_port,
                        report.port.protocol,
                        report.target,
                        report.how,
                        report.obeys,
                        report.keeps_source,
                        [house.Seen(seen.interface, seen.state, seen.rule) for seen in report.seen],
                    )
                    for report in found.ports
                ],
            )
        )

    async def network(self, call: Call) -> web.Response:
        """In words."""
        paths = offered(self._services, "paths", "network explain")
        one = self._services.containers.get(call.id)
        found = await self._services.run(paths.explain, one)
        return answer.document(
            house.Explained([house.Section(title, lines) for title, lines in found])
        )

    async def set(self, call: Call) -> web.Response:
        """What is done, and what waits."""
        asked = await call.document(house.ContainerSet)
        edit = Edit(
            publish=hostconfig.ports(asked.publish),
            unpublish=tuple(unpublished(text) for text in asked.unpublish or ()),
            labels=dict(asked.labels or {}),
            unlabel=tuple(asked.unlabel or ()),
            mounts=(*mount.from_binds(asked.binds), *mount.from_mounts(asked.mounts or UNSET)),
            env=tuple(asked.env or ()),
            unset_env=tuple(asked.unset_env or ()),
            unmount=tuple(asked.unmount or ()),
        )
        edits = offered(self._services, "edits", "set")
        done = await edits.apply(call.id, edit, request_of)
        return answer.document(house.ContainerSetDone(list(done.now), list(done.next_start)))


def unpublished(text: str) -> tuple[int, int, str]:
    """`9000`, `9000:80`, `:80/udp` as (host port, container port, protocol). Raises: InvalidArgument."""
    ports, _, protocol = text.partition("/")
    host, _, container = ports.partition(":")
    try:
        found = int(host or 0), int(container or 0), protocol
    except ValueError:
        raise InvalidArgument(
            f'invalid port "{text}": use HOSTPORT, HOSTPORT:PORT or :PORT'
        ) from None
    if found[:2] == (0, 0) or protocol not in ("", "tcp", "udp", "sctp"):
        raise InvalidArgument(f'invalid port "{text}": use HOSTPORT, HOSTPORT:PORT or :PORT')
    return found


def request_of(spec: ContainerSpec, old: str) -> str:
    """The create document of a container that was changed, for inspect and for tools that copy it."""
    kept = codec.decode(containers.ContainerCreate, old.encode("utf-8", "surrogateescape"))
    bindings: dict[str, list[PortBinding] | None] = {}
    for one in spec.ports:
        last = f"-{one.host_port_end}" if one.host_port_end else ""
        port = f"{one.host_port}{last}" if one.host_port else ""
        key = f"{one.container_port}/{one.protocol}"
        places = bindings.setdefault(key, [])
        assert places is not None
        places.append(PortBinding(one.host_ip, port))
    binds = [
        f"{one.source}:{one.target}{':ro' if one.readonly else ''}"
        for one in spec.mounts
        if one.kind == "bind" and one.legacy
    ]
    host = structs.replace(
        kept.host_config,
        port_bindings=bindings,
        binds=[*(b for b in kept.host_config.binds or () if not b.startswith("/")), *binds] or None,
    )
    if kept.host_config.mounts:
        left = {one.target for one in spec.mounts}
        host = structs.replace(
            host, mounts=[one for one in kept.host_config.mounts if one.target in left]
        )
    full = structs.replace(kept, host_config=host, labels=dict(spec.labels), env=list(spec.env))
    return codec.encode(full).decode("utf-8", "surrogateescape")
