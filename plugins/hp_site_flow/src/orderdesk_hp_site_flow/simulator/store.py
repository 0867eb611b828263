"""The orders that the service keeps, as the print company's floor knows them: their life by the clock, without HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import define, field, frozen

from orderdesk_devkit.simulators.orders import Orders
from orderdesk_sdk.plugin import hours, minutes

__all__ = ["Durations", "Item", "Order", "OrderBook", "Production", "Status", "object_id"]


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


@frozen
class Durations:
    """How long things take. Only the wait for files is documented, 12 hours; the others are the simulator's choice."""

    checking: timedelta = field(default=minutes(5))
    """From pending to dataready."""
    fetching: timedelta = field(default=minutes(20))
    """From dataready to printready."""
    files: timedelta = field(default=hours(12))
    """From submission to error, where the files never arrive."""
    batching: timedelta = field(default=minutes(30))
    """From printready to production."""
    printing: timedelta = field(default=hours(4))
    """From production to complete."""
    shipping: timedelta = field(default=hours(2))
    """From complete to shipped."""


class Production(StrEnum):
    """What happens on the way of an order, as seen from the floor."""

    BATCHED = "batched: it enters production"
    PRODUCED_ANYWAY = "produced although cancelled"
    STOPPED = "stopped"


class OrderBook:
    """All orders. `settle` moves them on as time passes; guarded by its caller's lock."""

    def __init__(
        self, durations: Durations, choice: Callable[[str, str], str], happened: Callable[[str, str, datetime], None]
    ) -> None:
        """choice: what a switch says for a number. happened: told of each step."""
        self.orders = Orders[Order]()
        self._durations = durations
        self._choice = choice
        self._happened = happened

    def by_id(self, order_id: str) -> Order | None:
        """The order with this id of Site Flow's."""
        return next((order for order in self.orders.values() if order.id == order_id), None)

    def add(self, number: str, items: Sequence[Item], status: Status, now: datetime) -> Order:
        """Add an order. Raises ValidationError for a used number."""
        order = Order(object_id("order", len(self.orders), number), number, list(items), status, now, now)
        order.produced = status in (Status.COMPLETE, Status.SHIPPED)
        return self.orders.add(number, order)

    def cancel(self, order: Order, now: datetime) -> str:
        """Cancel an order that is neither shipped nor cancelled; what came of it on the floor."""
        before, order.status, order.status_at = order.status, Status.CANCELLED, now
        floor = Production.STOPPED
        if order.batched_at is not None and not order.produced and self._choice("batched", order.number) != "stopped":
            order.produced = True
        if order.produced:
            floor = Production.PRODUCED_ANYWAY
        return f"{before} -> {order.status}; {floor}"

    def settle(self, now: datetime) -> None:
        """Do everything that is due by `now`."""
        self.orders.advance(now, self._following, self._enter)

    def _following(self, order: Order) -> tuple[Status | Production, datetime] | None:
        took = self._durations
        match order.status:
            case Status.PENDING:
                return Status.DATAREADY, order.status_at + took.checking
            case Status.DATAREADY if self._choice("files", order.number) != "arrive":
                return Status.ERROR, order.created_at + took.files
            case Status.DATAREADY:
                return Status.PRINTREADY, order.status_at + took.fetching
            case Status.PRINTREADY if order.batched_at is None:
                return Production.BATCHED, order.status_at + took.batching
            case Status.PRINTREADY:
                assert order.batched_at is not None
                return Status.COMPLETE, order.batched_at + took.printing
            case Status.COMPLETE:
                return Status.SHIPPED, order.status_at + took.shipping
            case Status.SHIPPED | Status.CANCELLED | Status.ERROR:
                return None

    def _enter(self, order: Order, step: Status | Production, at: datetime) -> None:
        if isinstance(step, Production):
            order.batched_at = at
            self._happened(order.number, step.value, at)
            return
        before, order.status, order.status_at = order.status, step, at
        order.produced = order.produced or step is Status.COMPLETE
        self._happened(order.number, f"{before} -> {step}", at)
