"""What all processes know together of a connection to a service: its buckets, and the refresh token in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from orderdesk_sdk.cases.call_counts import CallCounts, LocalCallCounts
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.stores.postgres.migrations import Migration, migrate
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.rate_buckets import PostgresBucket
from orderdesk_sdk.stores.postgres.stored_tokens import postgres_token_store
from orderdesk_sdk.transport.http.connection_state import StateOfConnection

__all__ = ["MIGRATIONS", "TABLES", "PostgresConnectionState", "shared_connection_state"]

TABLES: Final = "connection_state_schema"
"""The table that keeps the version of these tables."""

MIGRATIONS: Final = (
    Migration(
        (
            # Changed with each call: room for that on its page, so that no index is touched.
            """CREATE TABLE rate_buckets (
                connection text COLLATE "C" NOT NULL,
                operation text COLLATE "C" NOT NULL,
                declared double precision NOT NULL,
                per_second double precision NOT NULL,
                full_at double precision NOT NULL,
                closed_until double precision NOT NULL,
                deferred_until double precision NOT NULL,
                PRIMARY KEY (connection, operation)
            ) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)""",
            """CREATE TABLE refresh_tokens (
                connection text COLLATE "C" PRIMARY KEY,
                instead_of text NOT NULL,
                sealed text NOT NULL,
                version bigint NOT NULL
            )""",
        )
    ),
)
"""Statements that lead from version n to n + 1, oldest first. Never changed once released, only added to."""


class PostgresConnectionState:
    """The state of a connection for all processes that work on a database."""

    def __init__(self, pool: PostgresPool, connection: str, clock: Clock, call_counts: CallCounts) -> None:
        self.call_counts = call_counts
        self.token_store = postgres_token_store(pool, connection)
        self._pool = pool
        self._connection = connection
        self._clock = clock

    def bucket(self, operation: str, limit: Limit) -> PostgresBucket:
        """The operation's bucket, full where there was none yet. Raises StorageError."""
        return PostgresBucket(self._pool, self._connection, operation, limit, self._clock)


def shared_connection_state(
    pool: PostgresPool, clock: Clock, counts_of: Callable[[str], CallCounts] | None = None
) -> StateOfConnection:
    """The state of each connection, in tables that are made where there are none. Raises StorageError.

    Args:
        counts_of: gives what counts the calls of the connection of a name; None counts for this process.
    """
    migrate(pool, TABLES, MIGRATIONS)
    return lambda connection: PostgresConnectionState(
        pool, connection, clock, counts_of(connection) if counts_of is not None else LocalCallCounts()
    )
