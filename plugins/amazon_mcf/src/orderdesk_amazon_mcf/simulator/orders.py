"""A fulfillment order as Amazon's warehouse knows it: its words, its lines, what became of each unit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import define, field

from orderdesk_sdk.plugin import InputError

__all__ = ["CANCELABLE", "DONE", "Line", "Order", "Status"]


class Status(StrEnum):
    """The status words of the model, in its spelling (fulfillmentOutbound_2020-07-01, FulfillmentOrderStatus)."""

    NEW = "New"
    RECEIVED = "Received"
    PLANNING = "Planning"
    PROCESSING = "Processing"
    CANCELLED = "Cancelled"
    COMPLETE = "Complete"
    COMPLETE_PARTIALLED = "CompletePartialled"
    UNFULFILLABLE = "Unfulfillable"
    INVALID = "Invalid"


CANCELABLE = frozenset({Status.RECEIVED, Status.PLANNING})
"""Where a cancel is honored: https://developer-docs.amazon.com/sp-api/docs/cancel-fulfillment-order"""

DONE = frozenset({Status.CANCELLED, Status.COMPLETE, Status.COMPLETE_PARTIALLED, Status.UNFULFILLABLE, Status.INVALID})
"""Where nothing follows. Invalid is inferred: Amazon's list of terminal words does not name it."""


@define
class Line:
    """One item of an order; `quantity` = shipped or to be shipped + `cancelled` + `unfulfillable`."""

    sku: str
    item_id: str
    quantity: int
    cancelled: int = 0
    unfulfillable: int = 0
    extras: dict[str, object] = field(factory=dict)
    """The optional fields of the create request that the answer repeats, such as giftMessage."""

    @property
    def shipping(self) -> int:
        """Units that ship, have shipped, or will."""
        return self.quantity - self.cancelled - self.unfulfillable


@define
class Order:
    """One order. Its `status` is changed by the life cycle alone."""

    remote_id: str
    number: int
    """Which order of this simulator it is, from 1; shipment ids are made of it."""
    lines: list[Line]
    content: dict[str, object]
    """The order's own fields as the answer repeats them: addresses, dates, comments."""
    held: bool
    received_at: datetime
    status: Status
    status_at: datetime
    cancel_at: datetime | None = None
    """When a cancel was accepted; None when none was."""
    partly: bool = False
    """True when the accepted cancel comes too late for a part."""
    honored: bool = False
    """True when the accepted cancel will stop the order."""
    step: int = 0
    """Counts what was planned for it, so that a plan that was overtaken is known as such."""

    def enter(self, status: Status, at: datetime) -> None:
        """Change the status, and the units with it. Raises InputError for CompletePartialled with a single unit."""
        cancelled = self._split() if status is Status.COMPLETE_PARTIALLED else [0] * len(self.lines)
        for line, part in zip(self.lines, cancelled, strict=True):
            line.cancelled = line.quantity if status is Status.CANCELLED else part
            line.unfulfillable = line.quantity if status is Status.UNFULFILLABLE else 0
        self.status = status
        self.status_at = at

    @property
    def divisible(self) -> bool:
        """True when a part of it can be canceled: an order of one unit has no parts."""
        return sum(line.quantity for line in self.lines) > 1

    def _split(self) -> list[int]:
        """Units canceled per line: half of every line of several, else the first line (simulator's choice)."""
        if not self.divisible:
            raise InputError("an order of one unit cannot be completed in part", place=self.remote_id)
        if any(line.quantity > 1 for line in self.lines):
            return [line.quantity // 2 for line in self.lines]
        return [1] + [0] * (len(self.lines) - 1)
