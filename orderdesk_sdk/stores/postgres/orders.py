"""The embedded order store in a PostgreSQL database, which may be the ledger's."""

from __future__ import annotations

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.order_database import PostgresOrderDatabase
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore

__all__ = ["PostgresOrderStore"]


class PostgresOrderStore(SqlOrderStore):
    """An order store in a database, for any number of processes on any number of machines."""

    def __init__(self, url: Secret, *, clock: Clock, suffix: str = DEFAULT_SUFFIX, location: str = "orders") -> None:
        """Connect to a database, and make the tables where there are none, with the folders of a new store.

        Raises ConfigurationError for what is no URL, StorageError where the database cannot be reached.

        Args:
            suffix: of the numbers of duplicates; see `numbering`.
            location: where the URL stands, for messages.
        """
        pool = PostgresPool(url, location=location)
        try:
            database = PostgresOrderDatabase(pool)
        except BaseException:
            pool.close()
            raise
        super().__init__(database, clock=clock, suffix=suffix)
