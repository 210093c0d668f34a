"""The hub's facts in PostgreSQL, for several replicas; the only importer of psycopg.

Writers take one advisory lock for the length of their transaction, so that they run one after the other as SQLite's
do, whichever replica they are in; readers see a snapshot and wait for nobody. A connection that broke is replaced;
whoever used it is told to try later.
"""

import functools
import queue
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any, TypeVar

import psycopg

from gorae.errors import DataLoss, InvalidArgument, Unavailable
from gorae.hub.db import apply_schema, to_postgres
from gorae.store.db import Cursor, Tx, schema_files, statements

T = TypeVar("T")
CONNECTIONS = 8
CONNECT_TIMEOUT_S = 10
WRITER_LOCK = 0x676F726165  # "gorae"
STORE_FACT = "store schema"
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_Connection = psycopg.Connection[tuple[Any, ...]]


@functools.lru_cache(maxsize=512)
def translated(text: str) -> bytes:
    """A statement with `?` for values in psycopg's form."""
    return text.replace("%", "%%").replace("?", "%s").encode()


class PostgresTx:
    """A transaction, as the tables' functions see it."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""
        cursor: Cursor = self._connection.execute(translated(sql), tuple(parameters))
        return cursor


class PostgresFacts:
    """One database. Raises (on opening): Unavailable: nobody answers. InvalidArgument: the URL is wrong."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: queue.LifoQueue[_Connection | None] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(None)
        self.write(_apply_schemas)

    def _connect(self) -> _Connection:
        try:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
        except psycopg.ProgrammingError as error:
            raise InvalidArgument(
                f'"database" is no URL that PostgreSQL takes: {_plain(error)}'
            ) from None
        except psycopg.Error as error:
            raise Unavailable(f"the database cannot be reached: {_plain(error)}") from error

    def _run(self, begin: Sequence[str], work: Callable[[Tx], T]) -> T:
        connection = self._idle.get()
        try:
            if connection is None or connection.closed:
                connection = self._connect()
            return _transaction(connection, begin, work)
        finally:
            self._idle.put(None if connection is None or connection.closed else connection)

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work(tx)` in one snapshot. Raises: Unavailable: the connection broke."""
        return self._run((READ,), work)

    def write(self, work: Callable[[Tx], T], *, durable: bool = True) -> T:
        """Run `work(tx)` alone among writers; its answer, once committed.

        Raises:
            Unavailable: the connection broke; the transaction may or may not have been committed.
        """
        begin = ["BEGIN", f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"]
        if not durable:
            begin.append("SET LOCAL synchronous_commit TO OFF")
        return self._run(begin, work)

    def close(self) -> None:
        """Close what is idle."""
        for _ in range(CONNECTIONS):
            connection = self._idle.get()
            if connection is not None:
                connection.close()


def _transaction(connection: _Connection, begin: Sequence[str], work: Callable[[Tx], T]) -> T:
    try:
        for one in begin:
            connection.execute(one.encode())
        result = work(PostgresTx(connection))
        connection.execute(b"COMMIT")
        return result
    except psycopg.OperationalError as error:
        connection.close()
        raise Unavailable(f"the database does not answer: {_plain(error)}") from error
    except psycopg.Error as error:
        _roll_back(connection)
        raise DataLoss(f"the database refused a statement: {_plain(error)}") from error
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: _Connection) -> None:
    try:
        connection.execute(b"ROLLBACK")
    except psycopg.Error:
        connection.close()


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _apply_schemas(tx: Tx) -> None:
    """The store's tables, then the hub's."""
    tx.execute("CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    row = tx.execute("SELECT value FROM fact WHERE name = ?", (STORE_FACT,)).fetchone()
    version = int(row[0]) if row else 0
    last = version
    for number, statement in _store_statements():
        last = max(last, number)
        if number > version and " fact (" not in statement:
            tx.execute(to_postgres(statement))
    tx.execute(
        "INSERT INTO fact (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (STORE_FACT, str(last)),
    )
    apply_schema(tx, "postgres")


def _store_statements() -> Iterator[tuple[int, str]]:
    for number, text in schema_files(resources.files("gorae.store").joinpath("schema")):
        for statement in statements(text):
            yield number, statement
