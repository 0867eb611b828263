"""Orders that were read a moment ago: a cancel looks at its order many times, and three calls a second are allowed."""

from __future__ import annotations

import threading
import time
from typing import Final

from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument

__all__ = ["OrderCache"]

_MAX_ORDERS: Final = 1000


class OrderCache:
    """Keeps orders for some seconds. Safe from many threads. What writes to Order Desk never looks here."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, OrderDocument]] = {}

    def get(self, order_id: str) -> OrderDocument | None:
        """The order, if it was read within these seconds."""
        with self._lock:
            kept = self._kept.get(order_id)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < self._seconds else None

    def keep(self, document: OrderDocument) -> None:
        """Keep an order that was just read."""
        with self._lock:
            self._kept.pop(document.order.id, None)
            self._kept[document.order.id] = (time.monotonic(), document)
            if len(self._kept) > _MAX_ORDERS:
                del self._kept[next(iter(self._kept))]

    def forget(self, order_id: str) -> None:
        """Read the order anew when it is asked for next: it was changed."""
        with self._lock:
            self._kept.pop(order_id, None)
