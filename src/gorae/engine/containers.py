"""Containers as the API knows them: create, find, remove, rename, wait, update; their life is `lifecycle`'s."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

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
    NetworkRequest,
    RestartPolicy,
    Status,
)
from gorae.engine.mounts import Mounts
from gorae.engine.networks import Networks
from gorae.engine.record import Record, Records
from gorae.engine.sandbox import Sandboxes
from gorae.engine.spawn import Spawner
from gorae.engine.usage import Usage, UsageReader
from gorae.engine.volumes import Volume, Volumes
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound, PermissionDenied
from gorae.linux.inotify import Watcher
from gorae.runtime import resources as resource_limits
from gorae.runtime.config import Resources
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Monitor
from gorae.store.archive.changes import changes
from gorae.store.db import Database, Tx
from gorae.store.snapshot import Snapshotter
from gorae.store.tables import ledger
from gorae.store.tables.containers import ContainerRow

Run = Callable[..., Awaitable[Any]]


class ContainerBin(Protocol):
    """What is needed of `engine.bin`."""

    def takes(self, *, pruned: bool = False) -> bool: ...
    def put_container(self, batch: str, row: ContainerRow) -> Callable[[Tx], object]: ...
    def put_volume(self, batch: str) -> Callable[[Tx, Volume], str]: ...


class Containers:
    """The service. Methods are for the event loop; blocking work runs in the pool behind `run`.

    What takes as long as a tree of files is large runs in the one behind `sweep`.
    """

    def __init__(
        self,
        *,
        db: Database,
        records: Records,
        lifecycle: Lifecycle,
        bringup: Bringup,
        monitor: Monitor,
        images: Images,
        mounts: Mounts,
        volumes: Volumes,
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
        self._db = db
        self._records = records
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._monitor = monitor
        self._images = images
        self._mounts = mounts
        self._volumes = volumes
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
        self._leaving: set[str] = set()
        """Removed ones whose files are not yet gone."""
        self.bin: ContainerBin | None = None
        lifecycle.remove_ended = self._remove_ended

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
        image = self._images.resolve(spec.image)
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

    # removing ---------------------------------------------------------------------------------

    async def remove(
        self,
        ref: str,
        *,
        force: bool = False,
        volumes: bool = False,
        batch: str = "",
        keep: bool | None = None,
    ) -> None:
        """Remove a container, its writable layer and log; `volumes`: its anonymous volumes too.

        Unless `keep` says no, or the room is short, it goes to the bin, with all of the same `batch`.

        Raises:
            Conflict: it runs and `force` was not given, or a removal is under way.
        """
        record = self._records.find(ref)
        if record.state.status is Status.REMOVING:
            raise Conflict(f"removal of container {record.container.name} is already in progress")
        while True:
            if record.state.pid or record.restart_timer is not None:
                if not force:
                    raise Conflict(_cannot_remove(record.container))
                await self._end(record)
            async with record.lock:
                if record.removed:
                    raise NotFound(f"No such container: {ref}")
                if record.state.pid:  # a start was under way
                    continue
                kept = self._kept(record) if keep is None else keep
                await self._remove(record, volumes=volumes, batch=batch, keep=kept)
                return

    def _kept(self, record: Record) -> bool:
        """What is made to be thrown away (`--rm`) is never kept."""
        return not record.container.spec.auto_remove and self.bin is not None and self.bin.takes()

    def is_restarting(self, container: Container) -> bool:
        """Whether its restart policy will start it in a moment."""
        record = self._records.by_id(container.id)
        return record is not None and record.restart_timer is not None

    async def restore(self, row: ContainerRow, write: Callable[[Tx], None]) -> None:
        """Bring a container back from the bin; `write` moves its row. Raises: Conflict: the name is taken."""
        try:
            record = await self._records.restore(row, write)
        except Conflict:
            raise Conflict(
                f'the name "{row.name}" is taken by another container: give a new one with --name'
            ) from None
        self._lifecycle.publish(record, "create")

    async def _end(self, record: Record) -> None:
        try:
            await self._lifecycle.kill(record, "KILL")
        except Conflict:
            if record.state.pid:
                raise
        async with record.lock:  # what follows the end is done when the lock is free
            self._lifecycle.cancel_restart(record)

    async def _remove_ended(self, record: Record) -> None:
        """`--rm`: after the end, with the anonymous volumes."""
        async with record.lock:
            if not record.removed:
                await self._remove(record, volumes=True)

    async def _remove(
        self, record: Record, *, volumes: bool, batch: str = "", keep: bool = False
    ) -> None:
        """The row goes before the files: what is left on disk without one is garbage that the next start finds.

        Anonymous volumes go before the row, which says so meanwhile: a volume without a container is no garbage.
        """
        container = record.container
        batch = batch or secrets.token_hex(8)
        bin_ = self.bin if keep else None
        self._leaving.add(container.id)
        if volumes and any(one.anonymous for one in container.mounts):
            await self._records.save_state(record, status=Status.REMOVING)
            self._records.hide(record)
            await self._sweep(self._discard_anonymous, container, bin_, batch)
        row = self._records.row_of(container)
        put = bin_.put_container(batch, row) if bin_ is not None else None

        def also(tx: Tx) -> None:
            note_uses(tx, container)
            if put is not None:
                put(tx)

        await self._records.remove(record, also)
        self._lifecycle.publish(record, "destroy")
        record.wake(record.stops)
        record.wake(record.removals)
        record.hub.finish()
        self._spawn(self._sweep(self._discard, container.id, keep=bin_ is not None))

    def _discard_anonymous(
        self, container: Container, bin_: "ContainerBin | None", batch: str
    ) -> None:
        keep = bin_.put_volume(batch) if bin_ is not None else None
        self._mounts.discard_anonymous(
            container, lambda volume: self._volumes.remove(volume, force=True, keep=keep)
        )

    def _discard(self, container_id: str, *, keep: bool = False) -> None:
        try:
            self._bringup.down(container_id)
            if not keep:
                self._bringup.discard_files(container_id)
        finally:
            self._leaving.discard(container_id)

    async def finish_removal(self, record: Record) -> None:
        """At start: what the last daemon was removing when it died."""
        async with record.lock:
            if not record.removed:
                await self._remove(record, volumes=record.state.status is Status.REMOVING)

    def at_work(self) -> set[str]:
        """The ids of which something may be on the host: they run, something is done to them, or they are leaving."""
        busy = {one.id for one in self._records if one.state.pid or one.lock.locked()}
        return busy | self._leaving

    async def tidy(self, container_id: str) -> None:
        """Take down what is left of a container that does not run."""
        record = self._records.by_id(container_id)
        if record is None:
            await self._run(self._bringup.down, container_id)
            return
        async with record.lock:
            if not record.state.pid:
                await self._run(self._bringup.down, container_id)

    async def rename(self, ref: str, name: str) -> None:
        """Raises: Conflict: taken. InvalidArgument: not a name, or its own."""
        record = self._records.find(ref)
        if not name:
            raise InvalidArgument("Neither old nor new names may be empty")
        bare = names.check_name(name)
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

    # networks ---------------------------------------------------------------------------------

    async def connect_network(self, ref: str, network: str, wanted: NetworkRequest) -> None:
        """A further network, now if it runs and at every start.

        Raises:
            PermissionDenied: it is on it already, or its mode allows none.
        """
        record = self._records.find(ref)
        found = self._networks.find(network)
        wanted = replace(wanted, network=found.name)
        async with record.held():
            container = record.container
            endpointcheck.may_connect(container, found)
            endpointcheck.check_addresses(wanted, found)
            requests = self._sandboxes.requests(container) if _has_networks(container) else ()
            if self._is_on(requests, found.id):
                if record.state.pid:
                    raise PermissionDenied(
                        f"endpoint with name {container.name} already exists in network {found.name}"
                    )
                requests = tuple(one for one in requests if not self._is_on((one,), found.id))
            if record.state.pid:
                directory = self._bringup.container_dir(record.id)
                endpoints = await self._run(self._sandboxes.connect, container, wanted, directory)
                await self._records.save_state(record, endpoints=endpoints, loose=False)
            elif record.state.loose:
                await self._records.save_state(record, loose=False)
            spec = replace(container.spec, networks=(*requests, wanted))
            await self._records.save_spec(record, replace(record.container, spec=spec))
        if record.state.pid:
            self._networks.announce("connect", found.id, record.id)

    def _is_on(self, requests: tuple[NetworkRequest, ...], network_id: str) -> bool:
        for one in requests:
            with contextlib.suppress(NotFound):
                if self._networks.find(one.network).id == network_id:
                    return True
        return False

    async def disconnect_network(self, ref: str, network: str, *, force: bool = False) -> None:
        """One network less, now and at every start.

        Raises:
            PermissionDenied: it is not on it.
        """
        record = self._records.find(ref)
        found = self._networks.find(network)
        async with record.held():
            container = record.container
            endpointcheck.may_disconnect(container, found)
            requests = self._sandboxes.requests(container) if _has_networks(container) else ()
            rest = tuple(one for one in requests if not self._is_on((one,), found.id))
            gone = [one for one in record.state.endpoints if one.network_id == found.id]
            if len(rest) == len(requests) and not gone and not force:
                the = "" if record.state.pid else "the "
                raise PermissionDenied(
                    f"container {record.id} is not connected to {the}network {found.name}"
                )
            left = tuple(one for one in record.state.endpoints if one not in gone)
            if record.state.pid and gone:
                directory = self._bringup.container_dir(record.id)
                left = await self._run(self._sandboxes.disconnect, container, gone[0], directory)
            await self._records.save_state(record, endpoints=left, loose=not rest)
            spec = replace(container.spec, networks=rest)
            await self._records.save_spec(record, replace(record.container, spec=spec))
        if record.state.pid:
            self._networks.announce("disconnect", found.id, record.id)

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
                await self._replay(record, attachment)
            if not options.stream:
                attachment.detach()
            elif record.task is not None:
                await streams.connect(record.hub, record.task)
        except BaseException:
            attachment.detach()
            raise
        self._lifecycle.publish(record, "attach")
        return attachment

    async def _replay(self, record: Record, attachment: Attachment) -> None:
        async for stream, data in self.logs(record.id, LogOptions()):
            attachment.deliver(stream, data)

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


def note_uses(tx: Tx, container: Container) -> None:
    """A container that goes leaves behind when it last used its image and its volumes."""
    moment = max(container.created_ns, container.state.started_ns, container.state.finished_ns)
    ledger.note_use(tx, "image", container.spec.image_id, moment)
    for one in container.mounts:
        if one.kind == "volume":
            ledger.note_use(tx, "volume", one.name, moment)
    ledger.forget(tx, "container", container.id)


def _cannot_remove(container: Container) -> str:
    paused = container.state.status is Status.PAUSED
    how = "paused" if paused else "running"
    return (
        f'cannot remove container "{container.name}": container is {how}: '
        "stop the container before removing or force remove"
    )


def _has_networks(container: Container) -> bool:
    """Whether it has any: all may have been taken from it, until its next start."""
    return not container.state.loose
