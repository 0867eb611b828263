"""The connections of one process to one PostgreSQL database.

A process that stands still or loses its network inside a transaction holds others up for IDLE_SECONDS at most: then
the server ends the transaction. Who waits for a lock waits longer than that, so a standstill elsewhere is no error.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.database_url import DatabaseUrl, read_database_url
from orderdesk_sdk.stores.postgres.errors import is_interruption, storage_error
from orderdesk_sdk.stores.postgres.text_adaptation import register_text_adapters
from orderdesk_sdk.stores.postgres.use_lock import SAY_IN_USE, may_use

__all__ = ["QUEUE_SCHEMA", "SCHEMA", "PostgresPool"]

SCHEMA: Final = "orderdesk"
"""Where the tables are, so that they stand in nobody's way in a database that is shared."""
QUEUE_SCHEMA: Final = "orderdesk_queue"
"""Where an engine has its queue, if there is one: see `queue_schema`."""
MAX_CONNECTIONS: Final = 8
"""Of one process: who needs one more waits for one that is done."""
WAIT_SECONDS: Final = 15.0
"""How long a call waits for a connection: longer than a server takes to start again."""
CONNECT_SECONDS: Final = 5
IDLE_SECONDS: Final = 5
"""How long a transaction may stand still before the server ends it."""
LOCK_SECONDS: Final = 15
STATEMENT_SECONDS: Final = 30
_TRIES: Final = 3
"""Connections that are tried for the beginning of a transaction: those of before a restart are all broken."""

# What the pool logs each second while a server is away reaches a log that is set up, and never a bare terminal: each
# call that fails for it says so by itself.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

_OWN_CHOICE: Final = ("application_name", "connect_timeout", "tcp_user_timeout")
"""Parameters that a URL may set in place of ours."""
_SESSION: Final = (
    ("search_path", f"{SCHEMA}, {QUEUE_SCHEMA}, public"),
    ("TimeZone", "UTC"),
    ("synchronous_commit", "on"),  # What the ledger says is written, whatever the server's default is.
    ("idle_in_transaction_session_timeout", f"{IDLE_SECONDS}s"),
    ("lock_timeout", f"{LOCK_SECONDS}s"),
    ("statement_timeout", f"{STATEMENT_SECONDS}s"),
)


class PostgresPool:
    """A database's connections, shared by all threads of a process.

    Every method raises StorageError where the server cannot be reached or refuses, with the database's place and
    without its password.
    """

    def __init__(
        self,
        url: Secret,
        *,
        location: str = "ledger",
        max_connections: int = MAX_CONNECTIONS,
        says_in_use: bool = True,
    ) -> None:
        """Connect to the database of a URL, `postgresql://USER@HOST:5432/NAME`.

        Raises ConfigurationError where it cannot be read; StorageError while its ledger is being copied.

        Args:
            location: where the URL stands, for messages.
            says_in_use: each connection keeps others from copying the ledger.
        """
        self.database = read_database_url(url, location)
        self._says_in_use = says_in_use
        self._arguments = _connection_arguments(self.database)
        self._pool = ConnectionPool(
            self.database.url.reveal(),
            kwargs=self._arguments,
            min_size=1,
            max_size=max_connections,
            open=False,
            timeout=WAIT_SECONDS,
            configure=self._configure,
            check=_check,
            name="orderdesk",
        )
        failure = self._connection_failure()
        if failure is not None:  # Outside of the driver's error, whose frames hold the URL.
            raise failure
        self._pool.open()

    @property
    def place(self) -> str:
        """Host, port and name of the database."""
        return self.database.place

    def close(self) -> None:
        """Close every connection, after the calls that are using one. Closing twice is fine."""
        self._pool.close()

    @contextmanager
    def reading(self) -> Iterator[PostgresCursor]:
        """A cursor for statements that change nothing; each sees what is committed when it begins."""
        with self.translated(), self._pool.connection() as connection:
            yield PostgresCursor(connection)

    def immediate(self) -> AbstractContextManager[PostgresCursor]:
        """A cursor each of whose statements is a transaction of its own."""
        return self.reading()

    @contextmanager
    def own_session(self) -> Iterator[PostgresCursor]:
        """A cursor of a session beside the pool, for what holds on to its session; it ends with the block."""
        with self.translated(), closing(psycopg.connect(self.database.url.reveal(), **self._arguments)) as connection:
            self._configure(connection)
            yield PostgresCursor(connection)

    @contextmanager
    def snapshot(self) -> Iterator[PostgresCursor]:
        """A cursor whose statements all see the database as it stood at the first of them, for as long as they take."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0"
        with self.transaction(f"{begin}; SET LOCAL idle_in_transaction_session_timeout = 0") as cursor:
            yield cursor

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[PostgresCursor]:
        """A cursor inside one transaction: durable after the block, undone where the block raises.

        Where the connection is lost while it commits, StorageError says that nobody knows whether it was written: who
        goes on reads first.
        """
        committing = False
        connection = self.begin(begin)
        try:
            yield PostgresCursor(connection)
            committing = True
            connection.execute("COMMIT", prepare=False)
        except psycopg.Error as error:
            unsure = committing and is_interruption(error)
            what = "whether the last change was written is not known" if unsure else None
            raise storage_error(error, self.database, what=what) from None
        finally:
            self.give_back(connection)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Whatever the driver raises inside becomes a StorageError."""
        try:
            yield
        except psycopg.Error as error:
            raise storage_error(error, self.database) from None

    def begin(self, begin: str = "BEGIN") -> psycopg.Connection[Any]:
        """A connection in a new transaction, which its owner commits, and gives back in any case.

        One that was lost meanwhile is given up: nothing was done on it yet. Raises StorageError.
        """
        error: psycopg.Error | None = None
        with self.translated():
            for _ in range(_TRIES):
                connection = self._pool.getconn()
                try:
                    connection.execute(begin.encode(), prepare=False)
                except psycopg.Error as raised:
                    error = raised
                    self._pool.putconn(connection)
                    if not is_interruption(raised):
                        break
                except BaseException:
                    self._pool.putconn(connection)
                    raise
                else:
                    return connection
            assert error is not None
            raise error

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """Undo what is not committed, and let others have the connection; a lost one is undone by the server."""
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK", prepare=False)
        self._pool.putconn(connection)

    def _connection_failure(self) -> StorageError | None:
        """What is wrong with the URL or the server, at once: a pool only says that it has waited."""
        try:
            with closing(psycopg.connect(self.database.url.reveal(), **self._arguments)) as connection:
                if not self._says_in_use or may_use(PostgresCursor(connection)):
                    return None
        except psycopg.Error as error:
            return storage_error(error, self.database)
        return StorageError(
            "the ledger is being copied to another database",
            location=self.place,
            hint="wait for the end of `orderdesk ledger copy`, then name the copy in orderdesk.toml, [ledger] url",
        )

    def _configure(self, connection: psycopg.Connection[Any]) -> None:
        register_text_adapters(connection)
        connection.adapters.register_dumper(int, Int8Dumper)  # One prepared statement, however large a number is.
        columns = ["set_config(%s, %s, false)"] * len(_SESSION)
        if self._says_in_use:
            columns.append(SAY_IN_USE)
        connection.execute(f"SELECT {', '.join(columns)}".encode(), [part for pair in _SESSION for part in pair])


def _connection_arguments(database: DatabaseUrl) -> dict[str, Any]:
    program = os.path.basename(sys.argv[0] or "python")  # noqa: PTH119 - a name, of a file or not
    name = "orderdesk" if program == "orderdesk" else f"orderdesk {program}"
    return {
        "autocommit": True,  # Transactions begin and end where they are written down.
        "application_name": f"{name} {os.getpid()}@{socket.gethostname()}"[:63],
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "client_encoding": "UTF8",
        # The server refuses to bind what another client's transaction prepared: a PgBouncer that shares connections.
        **({} if database.prepares else {"prepare_threshold": None}),
        **{name: database.parameters[name] for name in _OWN_CHOICE if name in database.parameters},
    }


def _check(connection: psycopg.Connection[Any]) -> None:
    """Raises where a connection was lost while nobody used it. Costs no trip to the server."""
    found = select.poll() if hasattr(select, "poll") else None
    if found is None:
        ConnectionPool.check_connection(connection)
        return
    found.register(connection.fileno(), select.POLLIN)
    if found.poll(0):  # Something came unasked: a farewell, most often.
        ConnectionPool.check_connection(connection)
