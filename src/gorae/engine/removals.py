"""Removal: a container's row goes first, its files after; what may be wanted back goes to the bin."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from gorae.engine.bringup import Bringup
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import Container, Status
from gorae.engine.mounts import Mounts
from gorae.engine.record import Record, Records
from gorae.engine.spawn import Spawner
from gorae.engine.volumes import Volume, Volumes
from gorae.errors import Conflict, NotFound
from gorae.store.db import Tx
from gorae.store.tables import ledger
from gorae.store.tables.containers import ContainerRow

Run = Callable[..., Awaitable[Any]]


class ContainerBin(Protocol):
    """What is needed of `engine.bin`."""

    def takes(self, *, pruned: bool = False) -> bool: ...
    def put_container(self, batch: str, row: ContainerRow) -> Callable[[Tx], object]: ...
    def put_volume(self, batch: str) -> Callable[[Tx, Volume], str]: ...


class Removals:
    """The service. What takes as long as a tree of files is large runs in the pool behind `sweep`."""

    def __init__(
        self,
        *,
        records: Records,
        lifecycle: Lifecycle,
        bringup: Bringup,
        mounts: Mounts,
        volumes: Volumes,
        run: Run,
        sweep: Run,
        spawn: Spawner,
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._bringup = bringup
        self._mounts = mounts
        self._volumes = volumes
        self._run = run
        self._sweep = sweep
        self._spawn = spawn
        self._leaving: set[str] = set()
        """Removed ones whose files are not yet gone."""
        self.bin: ContainerBin | None = None
        lifecycle.remove_ended = self._remove_ended

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

    async def finish(self, record: Record) -> None:
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
