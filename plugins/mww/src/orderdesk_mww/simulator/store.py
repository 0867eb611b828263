"""The orders that MWW has, by the clock, and what is done to them, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import define, field, frozen

from orderdesk_devkit.simulators.orders import Orders
from orderdesk_sdk.plugin import hours, minutes, seconds

__all__ = ["EARLY", "Durations", "Line", "Order", "OrderBook", "State"]

EARLY = seconds(120)
"""How long the button works in the window "early": Order Desk's guide says a minute or two."""


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


@frozen
class Durations:
    """How long things take. MWW names only the first, as "up to an hour"; the others are the simulator's choice.

    looks: an accepted cancel also ends when the order has been read so often since; 0 leaves it to the clock.
    """

    ingestion: timedelta = field(default=hours(1))
    packing: timedelta = field(default=hours(6))
    """From creation to packed."""
    shipping: timedelta = field(default=hours(2))
    """From packed to shipped."""
    cancel: timedelta = field(default=minutes(10))
    """From an accepted cancel to cancelled."""
    looks: int = 0


class OrderBook:
    """All orders. `settle` moves them on as time passes; guarded by its caller's lock."""

    def __init__(
        self,
        durations: Durations,
        honored: Callable[[str], bool],
        happened: Callable[[str, str, datetime], None],
    ) -> None:
        """honored: whether an accepted cancel of this number stops the order. happened: told of each step."""
        self.orders = Orders[Order]()
        self._durations = durations
        self._honored = honored
        self._happened = happened

    def find(self, name: str) -> Order | None:
        """The order with this vendor-po, else with this id."""
        return self.orders.get(name) or next((order for order in self.orders.values() if order.id == name), None)

    def next_id(self) -> str:
        """The next order's id."""
        return f"{702_541_000_000_000_001 + len(self.orders)}"

    def add(self, number: str, content: dict[str, object], lines: list[Line], state: State, now: datetime) -> Order:
        """Add an order. Raises InputError for a used number."""
        return self.orders.new(number, Order(self.next_id(), number, content, lines, state, now, now))

    def is_ingested(self, order: Order, now: datetime) -> bool:
        """Whether MWW has taken the order in."""
        return order.state is not State.RECEIVED or now >= order.created_at + self._durations.ingestion

    def refusal(self, order: Order, now: datetime, window: str) -> str | None:
        """Why a cancel is refused now, or None. `window`: which reading of it, "ingestion" or "early"."""
        if order.state is not State.RECEIVED:
            return f"the order is {order.state}"
        if window == "early":
            return None if now < order.created_at + EARLY else f"the first {EARLY.total_seconds():g} seconds are over"
        return None if self.is_ingested(order, now) else "the order is not fully ingested"

    def looked(self, order: Order, now: datetime) -> None:
        """Count a read, which may be the one after which an accepted cancel is done."""
        if order.taken_at is None or order.state is not State.RECEIVED or not self._honored(order.number):
            return
        order.looks += 1
        if order.looks == self._durations.looks:
            self._enter(order, State.CANCELLED, now)

    def settle(self, now: datetime) -> None:
        """Do everything that is due by `now`."""
        self.orders.settle(now, self._following, self._enter)

    def _following(self, order: Order) -> tuple[State, datetime] | None:
        match order.state:
            case State.RECEIVED if order.taken_at is not None and self._honored(order.number):
                return State.CANCELLED, order.taken_at + self._durations.cancel
            case State.RECEIVED:
                return State.PACKED, order.created_at + self._durations.packing
            case State.PACKED:
                return State.SHIPPED, order.state_at + self._durations.shipping
            case State.SHIPPED | State.CANCELLED:
                return None

    def _enter(self, order: Order, state: State, at: datetime) -> None:
        before, order.state, order.state_at = order.state, state, at
        self._happened(order.number, f"{before} -> {state}", at)
