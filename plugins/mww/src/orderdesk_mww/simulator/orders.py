"""An order as MWW's floor knows it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import define

__all__ = ["Line", "Order", "State"]


class State(StrEnum):
    """The states of an order that MWW's documentation shows or names; it has no complete list."""

    RECEIVED = "received"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


@define
class Line:
    """One line item."""

    id: str
    number: int
    product: str
    quantity: int


@define
class Order:
    """One order. id: MWW's own, 18 digits, more than a float holds. number: the customer's, its vendor-po."""

    id: str
    number: str
    content: dict[str, object]
    """The attributes of the create request that the answer repeats."""
    lines: list[Line]
    state: State
    created_at: datetime
    state_at: datetime
    taken_at: datetime | None = None
    """When a request to cancel was taken; None when none was."""
    looks: int = 0
    """How often it was read since then."""
