"""Live edits: a container's ports, labels and mounts changed while it runs; what cannot be waits for its next start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import (
    ContainerSpec,
    MountRecord,
    MountRequest,
    PortBinding,
    PublishedRecord,
)
from gorae.engine.record import Record, Records
from gorae.engine.sandbox import Sandboxes
from gorae.errors import Conflict, InvalidArgument, NotFound
from gorae.runtime import livemount


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change. `unpublish`: (host port, container port, protocol), 0 and "" mean any."""

    publish: tuple[PortBinding, ...] = ()
    unpublish: tuple[tuple[int, int, str], ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    unlabel: tuple[str, ...] = ()
    mounts: tuple[MountRequest, ...] = ()
    env: tuple[str, ...] = ()
    """`NAME=value`, for the next start."""
    unset_env: tuple[str, ...] = ()
    """Names, for the next start."""
    unmount: tuple[str, ...] = ()
    """Targets of bind mounts, for the next start: what a process may have open is not taken from it."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of it, in words for people."""

    now: tuple[str, ...] = ()
    next_start: tuple[str, ...] = ()


class Edits:
    """The service."""

    def __init__(
        self,
        records: Records,
        lifecycle: Lifecycle,
        sandboxes: Sandboxes,
        run: Callable[..., Awaitable[Any]],
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._sandboxes = sandboxes
        self._run = run

    async def apply(
        self, ref: str, edit: Edit, request: Callable[[ContainerSpec, str], str]
    ) -> Edited:
        """Do it, one after the other; what was done before a failure stays, and is told by inspect.

        `request` gives the API's create document of the changed container, from its spec and the old one.

        Raises:
            NotFound: no such port. Conflict: a port or a target is taken. KernelError: a mount.
        """
        record = self._records.find(ref)
        now: list[str] = []
        later: list[str] = []
        async with record.lock:
            if record.removed:
                raise NotFound(f"No such container: {ref}")
            done = now if record.state.pid else later
            for wanted in edit.unpublish:
                done += await self._unpublish(record, wanted, request)
            for binding in edit.publish:
                done += await self._publish(record, binding, request)
            if edit.labels or edit.unlabel:
                now += await self._label(record, edit, request)
            for mount in edit.mounts:
                done += await self._mount(record, mount, request)
            for target in edit.unmount:
                later += await self._unmount(record, target, request)
            if edit.env or edit.unset_env:
                later += await self._env(record, edit, request)
            if now or later:
                self._lifecycle.publish(record, "update")
        return Edited(tuple(now), tuple(later))

    async def _save(
        self, record: Record, spec: ContainerSpec, request: Callable[[ContainerSpec, str], str]
    ) -> None:
        text = request(spec, record.container.request)
        await self._records.save_spec(record, replace(record.container, spec=spec, request=text))

    # ports ------------------------------------------------------------------------------------

    async def _publish(
        self, record: Record, binding: PortBinding, request: Callable[[ContainerSpec, str], str]
    ) -> list[str]:
        spec = record.container.spec
        if spec.network_mode in ("host", "none") or spec.network_mode.startswith("container:"):
            raise InvalidArgument(
                f'a container in network mode "{spec.network_mode}" has no ports to publish'
            )
        words = [
            f"port {binding.host_port or 'any'} -> {binding.container_port}/{binding.protocol}"
        ]
        if record.state.pid:
            made = await self._run(self._sandboxes.publish, record.container, (binding,))
            await self._records.save_state(record, published=(*record.state.published, *made))
            words = [f"port {_shown(one)} open" for one in made]
            if not binding.host_port and made:  # the next start keeps the number
                binding = replace(binding, host_port=made[0].host_port)
        exposed = f"{binding.container_port}/{binding.protocol}"
        exposed_ports = tuple(dict.fromkeys((*spec.exposed_ports, exposed)))
        spec = replace(spec, ports=(*spec.ports, binding), exposed_ports=exposed_ports)
        await self._save(record, spec, request)
        return words

    async def _unpublish(
        self,
        record: Record,
        wanted: tuple[int, int, str],
        request: Callable[[ContainerSpec, str], str],
    ) -> list[str]:
        spec, state = record.container.spec, record.state
        gone = [
            one
            for one in state.published
            if _is(one.host_port, one.container_port, one.protocol, wanted)
        ]
        rest = tuple(
            one
            for one in spec.ports
            if not _is(one.host_port, one.container_port, one.protocol, wanted)
            and not any(one.host_port == 0 and one.container_port == g.container_port for g in gone)
        )
        if not gone and len(rest) == len(spec.ports):
            raise NotFound(
                f'container "{record.container.name}" publishes no port '
                f"{wanted[0] or 'any'}:{wanted[1] or 'any'}: see `gorae port {record.container.name}`"
            )
        if gone:
            await self._run(self._sandboxes.unpublish, record.container, gone)
            left = tuple(one for one in state.published if one not in gone)
            await self._records.save_state(record, published=left)
        await self._save(record, replace(spec, ports=rest), request)
        return [f"port {_shown(one)} closed" for one in gone] or ["port taken back"]

    # the rest ---------------------------------------------------------------------------------

    async def _label(
        self, record: Record, edit: Edit, request: Callable[[ContainerSpec, str], str]
    ) -> list[str]:
        spec = record.container.spec
        kept = {key: value for key, value in spec.labels.items() if key not in edit.unlabel}
        await self._save(record, replace(spec, labels={**kept, **edit.labels}), request)
        said = [f"label {key}={value}" for key, value in edit.labels.items()]
        return said + [f"label {key} removed" for key in edit.unlabel if key in spec.labels]

    async def _mount(
        self, record: Record, mount: MountRequest, request: Callable[[ContainerSpec, str], str]
    ) -> list[str]:
        if mount.kind != "bind":
            raise InvalidArgument(
                f"a {mount.kind} mount cannot be added to a container that is there: only bind mounts can"
            )
        container = record.container
        if any(one.target == mount.target for one in container.mounts):
            raise Conflict(f'"{mount.target}" is mounted already in container "{container.name}"')
        if record.state.pid:
            await self._run(
                livemount.bind,
                record.state.pid,
                mount.source,
                mount.target,
                readonly=mount.readonly,
            )
        made = MountRecord(
            "bind",
            mount.target,
            mount.source,
            readonly=mount.readonly,
            propagation=mount.propagation or "rprivate",
            request=mount,
        )
        spec = replace(container.spec, mounts=(*container.spec.mounts, mount))
        record.container = replace(container, mounts=(*container.mounts, made))
        await self._save(record, spec, request)
        how = " read-only" if mount.readonly else ""
        return [f"{mount.source} at {mount.target}{how}"]

    async def _unmount(
        self, record: Record, target: str, request: Callable[[ContainerSpec, str], str]
    ) -> list[str]:
        container = record.container
        kept = tuple(one for one in container.spec.mounts if one.target != target)
        gone = [one for one in container.mounts if one.target == target and one.kind == "bind"]
        if not gone or len(kept) == len(container.spec.mounts):
            raise NotFound(
                f'container "{container.name}" has no bind mount at "{target}": '
                f"see `gorae inspect {container.name}`"
            )
        mounts = tuple(one for one in container.mounts if one not in gone)
        record.container = replace(container, mounts=mounts)
        await self._save(record, replace(container.spec, mounts=kept), request)
        return [f"nothing mounted at {target}"]

    async def _env(
        self, record: Record, edit: Edit, request: Callable[[ContainerSpec, str], str]
    ) -> list[str]:
        spec = record.container.spec
        named = {one.partition("=")[0]: one for one in edit.env}
        there = {one.partition("=")[0] for one in spec.env}
        for name in edit.unset_env:
            if name not in there:
                raise NotFound(f'container "{record.container.name}" has no variable "{name}"')
        gone = {*named, *edit.unset_env}
        kept = tuple(one for one in spec.env if one.partition("=")[0] not in gone)
        await self._save(record, replace(spec, env=(*kept, *named.values())), request)
        removed = [f"variable {name} removed" for name in edit.unset_env]
        return [f"variable {name}" for name in named] + removed


def _is(host_port: int, container_port: int, protocol: str, wanted: tuple[int, int, str]) -> bool:
    return (
        wanted[0] in (0, host_port)
        and wanted[1] in (0, container_port)
        and wanted[2] in ("", protocol)
    )


def _shown(one: PublishedRecord) -> str:
    host = f"[{one.host_ip}]" if ":" in one.host_ip else one.host_ip
    return f"{host}:{one.host_port} -> {one.container_port}/{one.protocol}"
