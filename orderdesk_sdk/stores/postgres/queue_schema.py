"""The schema of an engine's queue, beside that of the ledger and in the same database.

So a wake is put into the queue in the transaction that makes its case due, and the queue can be dropped as a whole.
What the tables are, says the engine; they hold nothing that the ledger does not know better.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.pool import QUEUE_SCHEMA, PostgresPool

__all__ = ["QUEUE_SESSION", "create_queue", "drop_queue", "has_queue", "unprepared"]

_LOCK = 0x6F726465727175
"""The number of the advisory lock that a process holds while it makes the queue: "orderqu"."""
QUEUE_SESSION: Final = (
    f"SET search_path = {QUEUE_SCHEMA}; SET TimeZone = 'UTC';"
    # A queue that forgets its last moment in a crash forgets alarms, which a sweep makes good.
    " SET synchronous_commit = off; SET idle_in_transaction_session_timeout = '5s'; SET statement_timeout = '30s'"
)
"""What a connection of the engine's own begins with."""


def has_queue(pool: PostgresPool, table: str) -> bool:
    """Whether the queue is there, by one of its tables."""
    with pool.reading() as cursor:
        row = cursor.execute("SELECT to_regclass(?)", (f"{QUEUE_SCHEMA}.{table}",)).fetchone()
    return row is not None and row[0] is not None


def create_queue(pool: PostgresPool, table: str, statements: str) -> bool:
    """Make the queue where it is not there; whether it was made. Only one of several processes makes it.

    Args:
        statements: what makes it, in SQL without parameters; names in it need no schema.
    """
    with pool.transaction() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        row = cursor.execute("SELECT to_regclass(?)", (f"{QUEUE_SCHEMA}.{table}",)).fetchone()
        if row is not None and row[0] is not None:
            return False
        connection = cursor.connection
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {QUEUE_SCHEMA}; SET LOCAL search_path = {QUEUE_SCHEMA}")
        connection.execute(statements.encode(), prepare=False)  # Many statements at once take no parameters.
    return True


def drop_queue(pool: PostgresPool) -> None:
    """Drop the queue with all that is in it."""
    with pool.transaction() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {QUEUE_SCHEMA} CASCADE")


@contextmanager
def unprepared(cursor: object) -> Iterator[Any]:
    """The driver's connection behind a cursor of a ledger's transaction, for an engine that writes in it too.

    Within the block it prepares no statements: one that was prepared for a queue which was dropped since would fail
    for as long as the connection lives. Raises TypeError for the cursor of another database.
    """
    if not isinstance(cursor, PostgresCursor):
        raise TypeError("the ledger is not in PostgreSQL")
    connection = cursor.connection
    threshold, connection.prepare_threshold = connection.prepare_threshold, None
    try:
        yield connection
    finally:
        connection.prepare_threshold = threshold
