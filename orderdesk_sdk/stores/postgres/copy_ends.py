"""A PostgreSQL database as one end of a copy of a ledger: locked for everybody who writes, and used by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import psycopg

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import ledger_schema, order_database
from orderdesk_sdk.stores.postgres.chain_marks import RETIRED
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.migrations import migrate, tables_version
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.server_identity import server_identity
from orderdesk_sdk.stores.postgres.use_lock import use_alone
from orderdesk_sdk.stores.sql.copied_tables import LEDGER_TABLES, ORDER_TABLES
from orderdesk_sdk.stores.sql.epochs import begin_epoch, retire

__all__ = ["PostgresEnd", "copy_source", "copy_target"]


class PostgresEnd:
    """A database in a transaction. See `ledger_copy.CopyEnd`."""

    def __init__(self, pool: PostgresPool, cursor: PostgresCursor, connection: psycopg.Connection[object]) -> None:
        self.name = f"PostgreSQL database {pool.place}"
        self.cursor = cursor
        self.has_orders = tables_version(pool, order_database.TABLES, order_database.MIGRATIONS).found > 0
        self._connection = connection

    def adopt(self, epoch_reason: str, now: datetime) -> None:
        """Begin an epoch of this server, and let the numbers of new rows go on after those that were copied."""
        server = server_identity(self.cursor)
        begin_epoch(self.cursor, epoch_reason, now, server.system, server.timeline)
        for table in (*LEDGER_TABLES, *ORDER_TABLES):
            if table.counts:
                name, column = table.name, table.columns[0]
                self.cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(?, ?)::regclass, coalesce(last, 1), last IS NOT NULL)"  # noqa: S608 - constants
                    f" FROM (SELECT max({column}) AS last FROM {name}) AS found",
                    (name, column),
                )

    def retire(self, successor: str, now: datetime) -> None:
        """Begin the last epoch, and mark the row that every writer locks."""
        retire(self.cursor, successor, now)
        self.cursor.execute("UPDATE chain SET in_use = ?", (RETIRED,))

    def commit(self) -> None:
        """Commit; it is on the server's disk after that."""
        self._connection.execute("COMMIT")


@contextmanager
def copy_source(url: Secret, location: str) -> Iterator[PostgresEnd]:
    """A ledger that no other process of this package is connected to. Raises StorageError."""
    with _locked(url, location) as end:
        yield end


@contextmanager
def copy_target(url: Secret, location: str) -> Iterator[PostgresEnd]:
    """A database that no other process of this package is connected to; its tables are made where there are none.

    Raises InvalidStateError where it holds a ledger, such as the one that is copied; StorageError.
    """
    with _locked(url, location, must_be_empty=True) as end:
        yield end


@contextmanager
def _locked(url: Secret, location: str, *, must_be_empty: bool = False) -> Iterator[PostgresEnd]:
    with closing(PostgresPool(url, location=location, says_in_use=False)) as pool:
        migrate(pool, ledger_schema.VERSION_TABLE, ledger_schema.MIGRATIONS)
        migrate(pool, order_database.TABLES, order_database.MIGRATIONS)
        if must_be_empty:
            _require_no_history(pool)  # Before the locks, which the source may hold.
        # First nobody else is there, then the moment begins of which everything is read.
        with pool.own_session() as session, use_alone(session, f"PostgreSQL database {pool.place}"), pool.translated():
            connection = pool.begin("BEGIN ISOLATION LEVEL REPEATABLE READ")
            try:
                cursor = PostgresCursor(connection)
                # Whole tables are read and written between two statements of one end.
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                cursor.execute("SELECT 1 FROM chain FOR UPDATE")
                yield PostgresEnd(pool, cursor, connection)
            finally:
                pool.give_back(connection)


def _require_no_history(pool: PostgresPool) -> None:
    with pool.reading() as cursor:
        (count,) = cursor.execute("SELECT max(count) FROM chain").fetchone()
    if count:
        raise InvalidStateError(
            f"the target is in use: it holds a ledger with {counted(count, 'entry', 'entries')} of history",
            location=f"PostgreSQL database {pool.place}",
            hint="name a database that is empty",
        )
