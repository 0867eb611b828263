"""An order as the print company's floor knows it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from attrs import define

__all__ = ["Item", "Order", "Status", "object_id"]


class Status(StrEnum):
    """The statuses of an order, by their names on Site Flow's screens.

    Only `dataready` is seen as a text of the API; the other lower-case spellings are inferred.
    """

    PENDING = "pending"
    DATAREADY = "dataready"
    PRINTREADY = "printready"
    COMPLETE = "complete"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    ERROR = "error"


@define
class Item:
    """One item: a SKU, how many of it, and the source's own id for it."""

    sku: str
    quantity: int
    source_id: str


@define
class Order:
    """One order. id: Site Flow's own, 24 hexadecimal digits. number: the source's, its sourceOrderId.

    batched_at: when it entered production, None before. produced: whether the floor made it, whatever its status says.
    """

    id: str
    number: str
    items: list[Item]
    status: Status
    created_at: datetime
    status_at: datetime
    batched_at: datetime | None = None
    produced: bool = False


def object_id(*parts: object) -> str:
    """An id in the form of Site Flow's, the same for the same parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:24]
