"""Containers as the API knows them: create, find, rename, wait, update, look inside.

Their life is `lifecycle`'s, their end `removals`', their networks `memberships`'.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gorae.engine import (
    endpointcheck,
    initlayer,
    logdriver,
    logs,
    merge,
    names,
    process,
    restart,
    streams,
    wishcheck,
)
from gorae.engine.attach import Attachment, Hub
from gorae.engine.bringup import Bringup
from gorae.engine.images import Images
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import (
    AttachOptions,
    Container,
    ContainerSpec,
    ContainerState,
    Created,
    ExitStatus,
    LogOptions,
    RestartPolicy,
    Status,
)
from gorae.engine.mounts import Mounts
from gorae.engine.networks import Networks
from gorae.engine.record import Record, Records
from gorae.engine.sandbox import Sandboxes
from gorae.engine.spawn import Spawner
from gorae.engine.usage import Usage, UsageReader
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound
from gorae.linux.inotify import Watcher
from gorae.runtime import resources as resource_limits
from gorae.runtime.config import Resources
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Monitor
from gorae.store.archive.changes import changes
from gorae.store.snapshot import Snapshotter

Run = Callable[..., Awaitable[Any]]


class Containers:
    """The service. Methods are for the event loop; blocking work runs in the pool behind `run`.

    What takes as long as a tree of files is large runs in the one behind `sweep`.
    """

    def __init__(
        self,
        *,
        records: Records,
        lifecycle: Lifecycle,
        bringup: Bringup,
        monitor: Monitor,
        images: Images,
        mounts: Mounts,
        networks: Networks,
        sandboxes: Sandboxes,
        snapshots: Snapshotter,
        watcher: Watcher,
        usage: UsageReader,
        host: HostFacts,
        run: Run,
        sweep: Run,
        spawn: Spawner,
        expect_start: Callable[[], None],
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._monitor = monitor
        self._images = images
        self._mounts = mounts
        self._networks = networks
        self._sandboxes = sandboxes
        self._snapshots = snapshots
        self._watcher = watcher
        self._usage = usage
        self._host = host
        self._run = run
        self._sweep = sweep
        self._spawn = spawn
        self._expect_start = expect_start

    # reading ----------------------------------------------------------------------------------

    def get(self, ref: str) -> Container:
        """Raises: NotFound."""
        return self._records.find(ref).container

    def all(self) -> tuple[Container, ...]:
        """Every container, newest first."""
        return tuple(
            sorted((r.container for r in self._records), key=lambda c: c.created_ns, reverse=True)
        )

    # create -----------------------------------------------------------------------------------

    async def create(self, name: str, spec: ContainerSpec, request: str) -> Created:
        """Make a container of an image; nothing of it is left when that fails.

        Raises:
            NotFound: no such image. Conflict: the name is taken. InvalidArgument: a wish that cannot be.
        """
        self._expect_start()
        warnings = self._check(spec)
        container_id = secrets.token_hex(32)
        bare = (
            names.check_name(name)
            if name
            else names.make_name(secrets.randbelow, self._records.taken_names)
        )
        self._records.reserve(bare, container_id)
        try:
            container, more = await self._run(self._make, container_id, bare, spec, request)
            record = Record(container, hub=Hub(stdin_once=spec.stdin_once))
            record.exited.set()
            try:
                await self._records.add(record)
            except BaseException:
                await self._run(self._mounts.discard_anonymous, container)
                await self._run(self._bringup.discard_files, container_id)
                raise
        except BaseException:
            self._records.release(bare)
            raise
        self._lifecycle.publish(record, "create")
        return Created(container_id, (*warnings, *more))

    def _check(self, spec: ContainerSpec) -> tuple[str, ...]:
        restart.check_policy(spec.restart)
        if spec.auto_remove and spec.restart.name not in ("", "no"):
            raise InvalidArgument("can't create 'AutoRemove' container with restart policy")
        logdriver.check(spec.log)
        wishcheck.check(spec)
        endpointcheck.check_mac(spec.mac_address)
        for one in spec.networks:
            endpointcheck.check_mac(one.mac)
            with contextlib.suppress(NotFound):  # told at the start
                endpointcheck.check_addresses(one, self._networks.find(one.network))
        self._monitor.runtimes.find(spec.runtime)
        for text in spec.links:
            name = text.partition(":")[0]
            try:
                self.get(name.removeprefix("/"))
            except NotFound as error:
                raise InvalidArgument(
                    f"could not get container for {name}: {error.message}"
                ) from None
        _, warnings = resource_limits.check(spec.resources, self._host)
        _, lowered = resource_limits.clamp_rlimits(spec.ulimits, self._host)
        return (*warnings, *lowered)

    def _make(
        self, container_id: str, name: str, spec: ContainerSpec, request: str
    ) -> tuple[Container, tuple[str, ...]]:
        """The blocking part of create: image, writable layer, volumes; and what the client is to be told."""
        image = self._images.resolve_for(spec.image, spec.platform)
        full = merge.merge(replace(spec, image_id=image.id), image.config.config)
        directory = self._bringup.container_dir(container_id)
        files = directory
        if full.network_mode.startswith("container:"):
            full, files = self._share(full, files)
        argv = merge.argv(full)
        parent = ""
        if image.chain_id:
            parent = initlayer.prepare(self._snapshots, container_id, image.chain_id)
        else:
            self._snapshots.prepare(container_id, "")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            resolved = self._mounts.resolve(container_id, full, lambda ref: self.get(ref), parent)
        except BaseException:
            self._bringup.discard_files(container_id)
            raise
        container = Container(
            id=container_id,
            name=name,
            created_ns=time.time_ns(),
            spec=full,
            state=ContainerState(),
            mounts=resolved.records,
            request=request,
            path=argv[0],
            args=argv[1:],
            log_path="" if full.log.driver == "none" else str(directory / "ctr.log"),
            hosts_path=str(files / "hosts"),
            hostname_path=str(files / "hostname"),
            resolv_conf_path=str(files / "resolv.conf"),
        )
        return container, resolved.warnings

    def _share(self, spec: ContainerSpec, own: Path) -> tuple[ContainerSpec, Path]:
        """Another's network is joined by id, with its hostname and files; a missing one is told at start."""
        try:
            other = self.get(spec.network_mode.partition(":")[2])
        except NotFound:
            return spec, own
        shared = replace(
            spec,
            network_mode=f"container:{other.id}",
            hostname=process.hostname(other),
            domainname=other.spec.domainname,
        )
        return shared, self._bringup.container_dir(other.id)

    # life -------------------------------------------------------------------------------------

    async def start(self, ref: str) -> None:
        """As `Lifecycle.start`."""
        self._expect_start()
        await self._lifecycle.start(self._records.find(ref))

    async def stop(self, ref: str, *, timeout_s: int | None = None, signal: str = "") -> None:
        """As `Lifecycle.stop`."""
        await self._lifecycle.stop(self._records.find(ref), timeout_s=timeout_s, signal=signal)

    async def restart(self, ref: str, *, timeout_s: int | None = None, signal: str = "") -> None:
        """As `Lifecycle.restart`."""
        await self._lifecycle.restart(self._records.find(ref), timeout_s=timeout_s, signal=signal)

    async def kill(self, ref: str, signal: str = "KILL") -> None:
        """As `Lifecycle.kill`."""
        await self._lifecycle.kill(self._records.find(ref), signal)

    async def pause(self, ref: str) -> None:
        """Freeze all of a container's processes."""
        await self._lifecycle.pause(self._records.find(ref))

    async def unpause(self, ref: str) -> None:
        """Let them run again."""
        await self._lifecycle.unpause(self._records.find(ref))

    async def wait(self, ref: str, condition: str = "not-running") -> "asyncio.Future[ExitStatus]":
        """A future of the exit status; it is registered when this returns.

        Raises:
            InvalidArgument: no such condition.
        """
        record = self._records.find(ref)
        match condition:
            case "not-running" | "":
                waiter = record.waiter(record.stops)
                if not record.state.pid and record.restart_timer is None:
                    waiter.set_result(ExitStatus(record.state.exit_code, record.state.error))
                return waiter
            case "next-exit":
                return record.waiter(record.stops)
            case "removed":
                return record.waiter(record.removals)
        raise InvalidArgument(f'invalid condition: "{condition}"')

    async def rename(self, ref: str, name: str) -> None:
        """Raises: Conflict: taken. InvalidArgument: not a name, or its own."""
        record = self._records.find(ref)
        if not name:
            raise InvalidArgument("Neither old nor new names may be empty")
        try:
            bare = names.check_name(f"/{name.removeprefix('/')}")
        except InvalidArgument as error:
            raise InvalidArgument(f"Error when allocating new name: {error.message}") from None
        if bare == record.container.name:
            raise InvalidArgument("Renaming a container with the same name as its current name")
        async with record.held():
            old = record.container.name
            await self._records.rename(record, bare)
            if record.state.pid:
                await self._run(self._sandboxes.rename, record.container)
            self._lifecycle.publish(record, "rename", {"oldName": f"/{old}"})

    async def update(
        self, ref: str, resources: Resources, policy: RestartPolicy | None, request: str
    ) -> tuple[str, ...]:
        """New limits (already merged with the old ones by the caller) and restart policy; warnings."""
        record = self._records.find(ref)
        async with record.held():
            spec = replace(record.container.spec, resources=resources)
            if policy is not None:
                restart.check_policy(policy)
                if spec.auto_remove and policy.name not in ("", "no"):
                    raise InvalidArgument(
                        "Restart policy cannot be updated because AutoRemove is enabled for the container"
                    )
                spec = replace(spec, restart=policy)
            _, warnings = resource_limits.check(resources, self._host, update=True)
            if record.state.pid:
                warnings = tuple(await self._run(self._monitor.update, record.id, resources) or ())
            await self._records.save_spec(
                record, replace(record.container, spec=spec, request=request)
            )
            self._lifecycle.publish(record, "update")
        return warnings

    # streams ----------------------------------------------------------------------------------

    async def attach(self, ref: str, options: AttachOptions) -> Attachment:
        """A client's end of the container's streams; it may come before the start.

        Raises:
            Conflict: the container is paused.
        """
        record = self._records.find(ref)
        if record.state.status is Status.PAUSED:
            raise Conflict(f"container {record.id} is paused, unpause the container before attach")
        attachment = record.hub.attach(options)
        try:
            if options.logs:
                attachment.begin_replay()
                past = self.logs(record.id, LogOptions(until_ns=time.time_ns()))
                self._spawn(self._replay(attachment, past))
            elif not options.stream:
                attachment.detach()
            if options.stream and record.task is not None:
                await streams.connect(record.hub, record.task)
        except BaseException:
            attachment.detach()
            raise
        self._lifecycle.publish(record, "attach")
        return attachment

    async def _replay(self, attachment: Attachment, past: AsyncIterator[tuple[int, bytes]]) -> None:
        await attachment.replay(past)
        if not attachment.options.stream:
            attachment.detach()

    async def resize(self, ref: str, rows: int, columns: int) -> None:
        """Raises: Conflict: it does not run."""
        record = self._records.find(ref)
        if not record.state.pid:
            raise Conflict(
                f"cannot resize a stopped container: container {record.id} is not running"
            )
        await self._run(self._monitor.resize, record.id, rows, columns)
        self._lifecycle.publish(record, "resize", {"height": str(rows), "width": str(columns)})

    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[tuple[int, bytes]]:
        """(stream, whole lines) from the log.

        Raises:
            NotImplemented: the log driver keeps nothing to read.
        """
        record = self._records.find(ref)
        return logs.read(record, options, self._watcher, self._run)

    # looking inside ---------------------------------------------------------------------------

    async def usage(self, ref: str) -> Usage | None:
        """What the container uses now; None when it does not run."""
        record = self._records.find(ref)
        if not record.state.pid:
            return None
        usage: Usage = await self._run(self._usage.read, record.container)
        return usage

    async def top(self, ref: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """Titles and rows of `ps`, only the container's processes.

        Raises:
            Conflict: it does not run.
        """
        record = self._records.find(ref)
        if not record.state.pid:
            raise Conflict(f"container {record.id} is not running")
        self._lifecycle.publish(record, "top")
        titles, found = await self._run(self._monitor.top, record.id, ps_args or "-ef")
        return titles, found

    async def changes(self, ref: str) -> list[tuple[int, str]]:
        """(kind, path) of what the container changed (0), added (1) and deleted (2)."""
        container = self.get(ref)

        def read() -> list[tuple[int, str]]:
            upper, lowers = (
                self._snapshots.upper(container.id),
                self._snapshots.lowers(container.id),
            )
            return [(int(one.kind), one.path) for one in changes(upper, lowers)]

        found: list[tuple[int, str]] = await self._sweep(read)
        return found

    async def sizes(self, ref: str) -> tuple[int, int]:
        """Bytes of the writable layer, and of it with the image."""
        container = self.get(ref)
        own = await self._sweep(self._snapshots.usage, container.id)
        try:
            image = await self._run(self._images.size, container.spec.image_id)
        except GoraeError:
            image = 0
        return own.size_bytes, own.size_bytes + image
