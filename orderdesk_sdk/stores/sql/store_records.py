"""What the ledger's database keeps of the orders of a store elsewhere: their numbers, and the words of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.order_rows import storable
from orderdesk_sdk.stores.store_records import ServiceStatus

__all__ = ["SqlStoreRecords"]


class SqlStoreRecords:
    """`StoreRecords` of one store in a database that several stores may share."""

    def __init__(self, commits: Commits, read: Callable[[], AbstractContextManager[Cursor]], store: str) -> None:
        self._commits = commits
        self._read = read
        self._store = store

    def keep_numbers(self, order_id: str, remote_orders: Sequence[RemoteOrder]) -> None:
        rows = [(self._store, one.connection, one.remote_id, order_id) for one in remote_orders]

        def write(cursor: Cursor) -> None:
            cursor.executemany(
                "INSERT INTO store_numbers (store, connection, remote_id, order_id) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (store, connection, remote_id) DO UPDATE SET order_id = excluded.order_id",
                rows,
            )

        self._commits.run(write)

    def order_of(self, connection: str, remote_id: str) -> str | None:
        with self._read() as cursor:
            row = cursor.execute(
                "SELECT order_id FROM store_numbers WHERE store = ? AND connection = ? AND remote_id = ?",
                (self._store, connection, remote_id),
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_status(self, order_id: str, connection: str, status: ServiceStatus, *, believed_until: datetime) -> None:
        values = (self._store, order_id, connection, storable(status.word), to_microseconds(status.at))

        def write(cursor: Cursor) -> None:
            cursor.execute(
                "INSERT INTO store_statuses (store, order_id, connection, status, at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (store, order_id, connection) DO UPDATE SET status = excluded.status, at = excluded.at"
                " WHERE store_statuses.at <= excluded.at OR store_statuses.at > ?",
                (*values, to_microseconds(believed_until)),
            )

        self._commits.run(write)

    def statuses(self, order_id: str) -> Mapping[str, ServiceStatus]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT connection, status, at FROM store_statuses WHERE store = ? AND order_id = ?",
                (self._store, order_id),
            ).fetchall()
        return {connection: ServiceStatus(word, from_microseconds(at)) for connection, word, at in rows}
