"""The containers in memory: one `Record` each, with its lock, and the index that finds them.

A record's `container` is a frozen snapshot which is replaced whole, so that readers never see a half-changed one.
The row in the store is written with it: memory is never the only copy of a fact. All of this lives on the event
loop; the store is asked from the loop's thread pool.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.engine import names
from gorae.engine.attach import Hub
from gorae.engine.model import Container, ContainerState, ExitStatus
from gorae.errors import Conflict, NotFound
from gorae.runtime.monitor import Task
from gorae.store import document
from gorae.store.db import Database, Tx
from gorae.store.tables import containers as rows
from gorae.store.tables import volumes

Waiters = set["asyncio.Future[ExitStatus]"]


@dataclass(slots=True)
class Record:
    """A container and what belongs to it while the daemon lives."""

    container: Container
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    hub: Hub = field(default_factory=Hub)
    task: Task | None = None
    pidfd: int = -1
    """Of the container's first process, -1 when it does not run."""
    exited: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no process runs."""
    stops: "Waiters" = field(default_factory=set)
    removals: "Waiters" = field(default_factory=set)
    moves: "set[asyncio.Future[None]]" = field(default_factory=set)
    last_delay_ns: int = 0
    restart_timer: asyncio.TimerHandle | None = None
    removed: bool = False

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The lock. Raises: NotFound: whoever had it before has removed the container."""
        async with self.lock:
            if self.removed:
                raise NotFound(f"No such container: {self.id}")
            yield

    @property
    def id(self) -> str:
        """The container's id."""
        return self.container.id

    @property
    def state(self) -> ContainerState:
        """What is so now."""
        return self.container.state

    def moved(self) -> "asyncio.Future[None]":
        """Done when the state changes next, or the record is removed."""
        one: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moves.add(one)
        one.add_done_callback(self.moves.discard)
        return one

    def announce_move(self) -> None:
        """Wake those who wait for a change."""
        for one in tuple(self.moves):
            if not one.done():
                one.set_result(None)

    def waiter(self, waiters: "Waiters") -> "asyncio.Future[ExitStatus]":
        """One more who waits, forgotten when it is woken or gives up."""
        one: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        waiters.add(one)
        one.add_done_callback(waiters.discard)
        return one

    def wake(self, waiters: "Waiters") -> None:
        """Give the exit status to all who wait, once."""
        status = ExitStatus(self.state.exit_code)  # the one who started it has the error
        for waiter in tuple(waiters):
            if not waiter.done():
                waiter.set_result(status)


class Records:
    """All containers, by id and by name."""

    def __init__(self, db: Database, run: Callable[..., Any]) -> None:
        self._db = db
        self._run = run
        self._by_id: dict[str, Record] = {}
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def taken_names(self) -> dict[str, str]:
        """Name -> id, reserved ones too."""
        return self._names

    def load(self) -> None:
        """Read every row; blocking, once, before the daemon listens."""
        for row in self._db.read(rows.all_rows):
            self._load(row)

    def _load(self, row: rows.ContainerRow) -> Record:
        container = document.decode(Container, row.spec)
        state = document.decode(ContainerState, row.state)
        record = Record(replace(container, name=row.name, state=state, request=row.request))
        record.exited.set()
        self._by_id[row.id] = record
        self._names[row.name] = row.id
        return record

    def find(self, ref: str) -> Record:
        """Raises: NotFound, InvalidArgument: as `names.resolve`."""
        found = names.resolve(ref, self._names, self._by_id, kind="container")
        record = self._by_id.get(found)
        if record is None:  # the name is reserved by a create that is under way
            return self._by_id[names.resolve(ref, {}, self._by_id, kind="container")]
        return record

    def by_id(self, container_id: str) -> Record | None:
        """The record of a full id."""
        return self._by_id.get(container_id)

    def reserve(self, name: str, container_id: str) -> None:
        """Raises: Conflict: the name is another container's."""
        holder = self._names.setdefault(name, container_id)
        if holder != container_id:
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container "{holder}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )

    def release(self, name: str) -> None:
        """Free a reserved name."""
        self._names.pop(name, None)

    async def add(self, record: Record) -> None:
        """Write the row, then show the record; the volumes that were made for it are its own from now on."""
        row = self.row_of(record.container)

        def write(tx: Tx) -> None:
            rows.insert(tx, row)
            volumes.settle(tx, row.id)

        await self._run(self._db.write, write, durable=False)
        self._by_id[row.id] = record

    async def save_state(self, record: Record, **changes: Any) -> None:
        """Replace the state's named fields, in memory and in the row.

        The writer takes the state that holds when its turn comes: of two changes at once the row has both.
        """
        record.container = replace(record.container, state=replace(record.state, **changes))
        record.announce_move()
        await self._run(
            self._db.write,
            lambda tx: rows.set_state(tx, record.id, document.encode(record.state)),
            durable=False,
        )

    async def save_spec(self, record: Record, container: Container) -> None:
        """Replace what update, connect and rename may change."""
        await self._run(
            self._db.write,
            lambda tx: rows.set_spec(tx, container.id, _spec_text(container), container.request),
        )
        record.container = replace(
            container, state=record.state
        )  # which may have changed meanwhile

    async def rename(self, record: Record, name: str) -> None:
        """Raises: Conflict: the name is taken."""
        old = record.container.name
        try:
            self.reserve(name, record.id)
        except Conflict as error:
            raise Conflict(f"Error when allocating new name: {error.message}") from None
        try:
            await self._run(self._db.write, lambda tx: rows.rename(tx, record.id, name))
        except BaseException:
            self.release(name)
            raise
        self.release(old)
        record.container = replace(record.container, name=name)

    def hide(self, record: Record) -> None:
        """Nobody finds it any more; its name stays taken as long as the row is there."""
        self._by_id.pop(record.id, None)

    def row_of(self, container: Container) -> rows.ContainerRow:
        """As it is stored."""
        return rows.ContainerRow(
            id=container.id,
            name=container.name,
            image_id=container.spec.image_id,
            created_ns=container.created_ns,
            spec=_spec_text(container),
            request=container.request,
            state=document.encode(container.state),
        )

    async def restore(self, row: rows.ContainerRow, write: Callable[[Tx], None]) -> Record:
        """A container brought back from the bin: `write` inserts its row.

        Raises:
            Conflict: the name is another container's.
        """
        self.reserve(row.name, row.id)
        try:
            await self._run(self._db.write, write)
        except BaseException:
            self.release(row.name)
            raise
        return self._load(row)

    async def remove(self, record: Record, also: Callable[[Tx], object] | None = None) -> None:
        """Delete the row, then forget the record and its name; `also` is written in the same transaction."""

        def write(tx: Tx) -> None:
            rows.delete(tx, record.id)
            if also is not None:
                also(tx)

        await self._run(self._db.write, write, durable=False)
        record.removed = True
        record.announce_move()
        self.hide(record)
        if self._names.get(record.container.name) == record.id:
            self._names.pop(record.container.name)


def _spec_text(container: Container) -> str:
    """What the row's `spec` column holds: the record without what other columns hold."""
    return document.encode(replace(container, state=ContainerState(), request=""))
