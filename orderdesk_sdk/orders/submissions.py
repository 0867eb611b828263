"""The order as it was submitted, which an order store may keep beside the order as it is now."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from orderdesk_sdk.orders.order import Order

__all__ = ["SubmittedOrderReader"]


@runtime_checkable
class SubmittedOrderReader(Protocol):
    """An order store that knows what was submitted; a store without it knows the order as it is now alone."""

    def submitted_order(self, order_id: str, connection: str) -> Order | None:
        """The order as it was submitted to a connection, under its own id and line ids; None where that is unknown."""
