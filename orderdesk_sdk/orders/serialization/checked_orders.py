"""The orders of one document as they are read, one after the other: none twice, and every fault with its path."""

from __future__ import annotations

from datetime import tzinfo

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization.envelope import not_an_order_reason
from orderdesk_sdk.orders.serialization.schema import ORDER, ParseContext, read_record

__all__ = ["CheckedOrders"]


class CheckedOrders:
    """Reads what should be orders, and remembers what is wrong with them. Of an order it keeps its id alone."""

    def __init__(self, zone: tzinfo) -> None:
        self._context = ParseContext(zone)
        self._paths: dict[str, str] = {}

    @property
    def has_errors(self) -> bool:
        """Whether anything was wrong so far."""
        return bool(self._context.errors)

    def read(self, path: str, entry: object) -> Order | None:
        """The order that stands at a path; None where it is none, or its id came before."""
        reason = not_an_order_reason(entry)
        if reason is not None:
            self._context.add_error(path, reason)
            return None
        order = read_record(ORDER, entry, path, self._context)
        if not isinstance(order, Order):
            return None
        first = self._paths.setdefault(order.id, path)
        if first != path:
            self._context.add_error(f"{path}.id", f"{order.id!r} is the id of {first} already")
            return None
        return order

    def raise_errors(self, location: str | None) -> None:
        """Raises ValidationError that tells what was wrong; nothing where nothing was."""
        self._context.raise_errors(location)
