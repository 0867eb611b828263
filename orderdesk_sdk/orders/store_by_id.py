"""An order store as the inside of the SDK sees it: every order by its id, so that no number is ever taken for one."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.errors import AmbiguousError, NotFoundError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref
from orderdesk_sdk.orders.store import FolderMove, OrderStore, RegisteredOrder, RegisteredOrderReader
from orderdesk_sdk.orders.submissions import SubmittedOrderReader

__all__ = ["OrderStoreById"]


class OrderStoreById:
    """An `OrderStore` whose every `order_id` is an id. What a person typed is resolved with `resolve` before."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store
        self._reader = store if isinstance(store, RegisteredOrderReader) else None
        self._submissions = store if isinstance(store, SubmittedOrderReader) else None

    def resolve(self, ref: str) -> Order:
        """The order that a person named by its id or number; see `order_ref`.

        Raises NotFoundError, and AmbiguousError, which names the orders, for what names several.
        """
        return self._store.get_order(order_ref(ref))

    def resolve_registered(self, ref: str) -> RegisteredOrder:
        """As `resolve`, with where the order was submitted."""
        named = order_ref(ref)
        if self._reader is not None:
            return self._reader.registered_order(named)
        return self.registered(self._store.get_order(named))

    def registered(self, order: Order) -> RegisteredOrder:
        """An order that was just read, with where it was submitted."""
        return RegisteredOrder(order, self.original_of(order.id), self.remote_orders(order.id))

    def get_order(self, order_id: str) -> Order:
        """As `OrderStore.get_order`, for an id."""
        return self._store.get_order(OrderId(order_id))

    def find_ids(self, name: str) -> tuple[str, ...]:
        """The ids of all orders that have `name` as their id or number."""
        found: dict[str, None] = {}
        for ref in (OrderId(name), OrderNumber(name)):
            try:
                found[self._store.get_order(ref).id] = None
            except AmbiguousError as error:
                found |= dict.fromkeys(error.ids)
            except NotFoundError:
                continue
        return tuple(found)

    def submitted_order(self, order_id: str, connection: str) -> Order | None:
        """The order as it was submitted to a connection; None where its store does not know that."""
        if self._submissions is None:
            return None
        found = self._submissions.submitted_order(OrderId(order_id), connection)
        return found if found is not None and found.id == order_id else None

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """As `OrderStore.remote_orders`."""
        return self._store.remote_orders(OrderId(order_id))

    def add_remote_order(self, order_id: str, remote_order: RemoteOrder, *, by: str) -> None:
        """As `OrderStore.add_remote_order`, for an id."""
        self._store.add_remote_order(OrderId(order_id), remote_order, by=by)

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """As `OrderStore.find_by_remote_id`."""
        return self._store.find_by_remote_id(connection, remote_id)

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """As `OrderStore.record_status`."""
        self._store.record_status(OrderId(order_id), connection, status, at)

    def add_history(self, order_id: str, text: str, *, by: str) -> None:
        """As `OrderStore.add_history`, for an id."""
        self._store.add_history(OrderId(order_id), text, by=by)

    def next_free_number(self, order_id: str) -> str:
        """As `OrderStore.next_free_number`, for an id."""
        return self._store.next_free_number(OrderId(order_id))

    def original_of(self, order_id: str) -> str | None:
        """As `OrderStore.original_of`."""
        return self._store.original_of(OrderId(order_id))

    def duplicate(self, order_id: str, *, by: str, number: str | None = None) -> Order:
        """As `OrderStore.duplicate`, for an id."""
        return self._store.duplicate(OrderId(order_id), by=by, number=number)

    def folder_of(self, order_id: str) -> str | None:
        """As `OrderStore.folder_of`, for an id."""
        return self._store.folder_of(OrderId(order_id))

    def resolve_folder_name(self, name: str) -> str:
        """As `OrderStore.resolve_folder_name`."""
        return self._store.resolve_folder_name(name)

    def move(self, order_id: str, folder: str, *, by: str) -> FolderMove:
        """As `OrderStore.move`, for an id."""
        return self._store.move(OrderId(order_id), folder, by=by)
