"""An order store whose every call is one transaction, whatever opens and ends one in the app that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store import FolderMove, OrderStore, RegisteredOrder

__all__ = ["OrderStoreInTransactions"]


class OrderStoreInTransactions:
    """An `OrderStore` that makes each call of another one within a transaction of its own.

    So the other one only reads and writes, in the session of the thread that it is called in.
    """

    def __init__(self, store: OrderStore, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        """Wrap a store.

        Args:
            transaction: begins a transaction of the calling thread. It ends with the block, is rolled back by what the
                block raises, and gives back what the thread holds, for a desk's threads live long. What the database
                raises may leave it as another error.
        """
        self._store = store
        self._transaction = transaction

    def get_order(self, ref: str) -> Order:
        """As `OrderStore.get_order`."""
        with self._transaction():
            return self._store.get_order(ref)

    def registered_order(self, ref: str) -> RegisteredOrder:
        """The order, where it was submitted, and what it is a duplicate of, all in one transaction."""
        with self._transaction():
            order = self._store.get_order(ref)
            return RegisteredOrder(order, self._store.original_of(order.id), self._store.remote_orders(order.id))

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """As `OrderStore.remote_orders`."""
        with self._transaction():
            return self._store.remote_orders(order_id)

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        """As `OrderStore.add_remote_order`."""
        with self._transaction():
            self._store.add_remote_order(ref, remote_order, by=by)

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """As `OrderStore.find_by_remote_id`."""
        with self._transaction():
            return self._store.find_by_remote_id(connection, remote_id)

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """As `OrderStore.record_status`."""
        with self._transaction():
            self._store.record_status(order_id, connection, status, at)

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        """As `OrderStore.add_history`."""
        with self._transaction():
            self._store.add_history(ref, text, by=by)

    def next_free_number(self, ref: str) -> str:
        """As `OrderStore.next_free_number`."""
        with self._transaction():
            return self._store.next_free_number(ref)

    def original_of(self, order_id: str) -> str | None:
        """As `OrderStore.original_of`."""
        with self._transaction():
            return self._store.original_of(order_id)

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        """As `OrderStore.duplicate`."""
        with self._transaction():
            return self._store.duplicate(ref, by=by, number=number)

    def folder_of(self, ref: str) -> str | None:
        """As `OrderStore.folder_of`."""
        with self._transaction():
            return self._store.folder_of(ref)

    def resolve_folder_name(self, name: str) -> str:
        """As `OrderStore.resolve_folder_name`."""
        with self._transaction():
            return self._store.resolve_folder_name(name)

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        """As `OrderStore.move`."""
        with self._transaction():
            return self._store.move(ref, folder, by=by)
