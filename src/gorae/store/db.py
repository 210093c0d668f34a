"""The SQLite file: one writer thread, readers beside it; the only importer of sqlite3.

WAL with one writer: a reader never waits for the writer. A durable write is on disk when `write` returns
(synchronous FULL); one with `durable=False` survives the death of this process but may lose its last moment
when the power goes (synchronous NORMAL). The file's version is the number of the last schema file applied.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gorae.errors import DataLoss, Unavailable
from gorae.store.ballast import Ballast

T = TypeVar("T")
BUSY_TIMEOUT_S = 10.0
NO_SPACE = "no space left on device: free some and try again"
READERS = 4


class Cursor(Protocol):
    """The answer of one statement."""

    @property
    def rowcount(self) -> int:
        """Rows that the statement changed."""

    def __iter__(self) -> Iterator[Any]:
        """Its rows, each a tuple."""

    def fetchone(self) -> Any:
        """The next row, None after the last."""


class Tx(Protocol):
    """A transaction, as the tables' functions see it.

    SQL is SQLite's; where it keeps to what PostgreSQL has too (`ON CONFLICT DO NOTHING`, `?` for values), the same
    function serves a hub on that.
    """

    def execute(self, _sql: str, _parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""


_Job = tuple[Callable[[Tx], Any], bool, "Future[Any]"]


class Database:
    """One file of facts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._ballast = Ballast(path.with_name(f"{path.name}-ballast"))
        try:
            writer = self._connect()
        except sqlite3.DatabaseError as error:
            raise DataLoss(f'the database "{path}" cannot be read: {error}') from error
        try:
            self._transact(writer, _migrate)
            self._ballast.take()
        except sqlite3.DatabaseError as error:
            writer.close()
            if _is_full(error):
                raise Unavailable(NO_SPACE) from error
            raise DataLoss(f'the database "{path}" cannot be read: {error}') from error
        for _ in range(READERS):
            self._readers.put(self._connect())
        self._thread = threading.Thread(
            target=self._write_loop, args=(writer,), name="db-writer", daemon=True
        )
        self._thread.start()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _write_loop(self, connection: sqlite3.Connection) -> None:
        durable_now = True
        while (job := self._jobs.get()) is not None:
            work, durable, future = job
            try:
                if durable != durable_now:
                    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                    durable_now = durable
                result = self._transact(connection, work)
            except BaseException as error:  # noqa: BLE001 - whoever waits for the transaction gets it
                future.set_exception(_translated(error))
            else:
                future.set_result(result)
        connection.close()

    def _transact(self, connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
        """Once, or on a full disk a second time with the room that the ballast takes."""
        try:
            return _transaction(connection, work)
        except sqlite3.OperationalError as error:
            if not _is_full(error) or not self._ballast.give():
                raise
        try:
            return _transaction(connection, work)
        finally:
            self._ballast.take()

    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        """Run `work(tx)` in the writer's thread, in a transaction of its own; its answer, once committed.

        `work` is run again when the disk was full and the ballast made room.

        Raises:
            Unavailable: the disk is full or the file is locked. What `work` raises: nothing is written.
        """
        future: Future[T] = Future()
        self._jobs.put((work, durable, future))
        return future.result()

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work(tx)` on a reader's connection, in one snapshot of the data."""
        connection = self._readers.get()
        try:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")
        finally:
            self._readers.put(connection)

    def close(self) -> None:
        """End the writer after what is queued, and close all connections."""
        self._jobs.put(None)
        self._thread.join()
        for _ in range(READERS):
            self._readers.get().close()


def _transaction(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _is_full(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error)


def _translated(error: BaseException) -> BaseException:
    if _is_full(error):
        return Unavailable(NO_SPACE)
    if isinstance(error, sqlite3.OperationalError):
        return Unavailable(f"the database cannot be written: {error}")
    return error


def is_unique_violation(error: BaseException) -> bool:
    """Whether a write failed because a key or a name was there already."""
    return isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error)


def _migrate(tx: Tx) -> None:
    """Apply the numbered schema files that the file has not seen, all in one transaction: two programs may open a
    new file at the same moment."""
    (version,) = tx.execute("PRAGMA user_version").fetchone()
    for number, text in schema_files(resources.files("gorae.store").joinpath("schema")):
        if number > version:
            for statement in statements(text):
                tx.execute(statement)
            tx.execute(f"PRAGMA user_version={number}")


def schema_files(folder: Traversable) -> list[tuple[int, str]]:
    """(number, SQL text) of the files `0001_name.sql` in a folder, in order."""
    found = [
        (int(one.name.partition("_")[0]), one.read_text())
        for one in folder.iterdir()
        if one.name.endswith(".sql")
    ]
    return sorted(found)


def statements(text: str) -> Iterator[str]:
    """The statements of an SQL text, one by one, with the comments before them."""
    piece = ""
    for line in text.splitlines(keepends=True):
        piece += line
        if sqlite3.complete_statement(piece):
            yield piece
            piece = ""
