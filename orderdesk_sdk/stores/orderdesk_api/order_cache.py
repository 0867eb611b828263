"""What was read a moment ago: a cancel looks at its order many times, and three calls a second are allowed."""

from __future__ import annotations

import threading
import time
from typing import Final, Generic, TypeVar

from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument

__all__ = ["OrderCache", "RecentValues"]

_MAX_ORDERS: Final = 1000
Value = TypeVar("Value")


class RecentValues(Generic[Value]):
    """A value for each of the orders that were kept last, a bounded number. Safe from many threads."""

    def __init__(self, most: int = _MAX_ORDERS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, Value] = {}

    def get(self, order_id: str) -> Value | None:
        """The value of an order; None where none is kept."""
        with self._lock:
            return self._kept.get(order_id)

    def keep(self, order_id: str, value: Value) -> None:
        """Keep a value, and forget that of the order that was kept longest ago where there are too many."""
        with self._lock:
            self._kept.pop(order_id, None)
            self._kept[order_id] = value
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]

    def forget(self, order_id: str) -> None:
        """Forget the value of an order."""
        with self._lock:
            self._kept.pop(order_id, None)


class OrderCache:
    """Keeps orders for some seconds. Safe from many threads. What writes to Order Desk never looks here."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._kept = RecentValues[tuple[float, OrderDocument]]()

    def get(self, order_id: str) -> OrderDocument | None:
        """The order, if it was read within these seconds."""
        kept = self._kept.get(order_id)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < self._seconds else None

    def keep(self, document: OrderDocument) -> None:
        """Keep an order that was just read."""
        self._kept.keep(document.order.id, (time.monotonic(), document))

    def forget(self, order_id: str) -> None:
        """Read the order anew when it is asked for next: it was changed."""
        self._kept.forget(order_id)
