"""The list of orders: a row each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.web.console.views.orders.page import customer_name, money

__all__ = ["OrderRow", "leading_state", "make_row"]

_MOST_PRESSING = (
    State.SHIPPED_ANYWAY,
    State.ACTION_REQUIRED,
    State.UNKNOWN,
    State.SENDING,
    State.PENDING,
    State.REPORTED,
    State.ACKNOWLEDGED,
    State.EXPIRED,
    State.REJECTED,
    State.PARTIALLY_CANCELED,
    State.UNSUPPORTED,
    State.WITHDRAWN,
    State.CANCELED,
    State.DONE,
)


@frozen
class OrderRow:
    """An order in the list.

    Args:
        state: of its newest cases the one that most wants to be looked at; None: nothing was requested.
        state_note: at how many places it is so; "" where there is one place.
    """

    id: str
    number: str
    source: str
    customer: str
    folder: str | None
    total: str
    added_at: datetime | None
    state: State | None
    state_note: str


def make_row(order: Order, folder: str | None, newest: Sequence[CancelCase]) -> OrderRow:
    """A row.

    Args:
        newest: the newest case at each place.
    """
    state = leading_state(newest)
    alike = sum(case.state is state for case in newest)
    note = f"at {alike} of {len(newest)} places" if len(newest) > 1 and alike < len(newest) else ""
    return OrderRow(
        order.id,
        order.number,
        order.source_name,
        customer_name(order),
        folder,
        money(order.order_total),
        order.added_at,
        state,
        note,
    )


def leading_state(cases: Sequence[CancelCase]) -> State | None:
    """The state that most wants to be looked at; None without a case."""
    states = {case.state for case in cases}
    return next((state for state in _MOST_PRESSING if state in states), None)
