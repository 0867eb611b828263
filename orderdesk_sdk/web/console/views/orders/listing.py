"""The list of orders: a row each. Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.desk.order_search import OrderSummary
from orderdesk_sdk.web.console.views.orders.page import customer_name, money

__all__ = ["STATE_CHOICES", "OrderRow", "make_row"]

STATE_CHOICES: tuple[tuple[str, str], ...] = (
    ("needs person", "Needs a person"),
    (OrderState.OPEN.value, "Being canceled"),
    (OrderState.CANCELED.value, "Canceled everywhere"),
    (OrderState.REJECTED.value, "Not canceled"),
    (OrderState.ALARM.value, "Shipped anyway"),
)
"""What orders are narrowed by, and its text."""


@frozen
class OrderRow:
    """An order in the list.

    Args:
        state: of its newest cases the one that most wants to be looked at; None: nothing was requested.
        state_note: at how many places it is canceled; "" where that says nothing more.
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
    needs_person: bool


def make_row(found: OrderSummary) -> OrderRow:
    """A row."""
    order, places = found.order, len(found.remote_orders)
    is_mixed = found.worst_state is not None and places > 1 and found.worst_state is not State.CANCELED
    return OrderRow(
        order.id,
        order.number,
        order.source_name,
        customer_name(order),
        found.folder,
        money(order.order_total),
        order.added_at,
        found.worst_state,
        f"canceled at {found.canceled_at} of {places} places" if is_mixed else "",
        found.needs_person and found.worst_state not in (State.ACTION_REQUIRED, State.SHIPPED_ANYWAY),
    )
