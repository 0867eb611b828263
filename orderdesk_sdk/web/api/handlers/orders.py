"""Orders, their plans and their receipts: what is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.desk.documents import (
    JsonObject,
    case_document,
    order_document,
    order_page_document,
    receipt_document,
)
from orderdesk_sdk.desk.order_search import OrderPage, OrderSummary, make_order_summary
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.order_search import FoundOrder
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.web.api.case_kinds import CASE_CLASSES
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import OrdersQuery, PlanQuery, ReceiptQuery
from orderdesk_sdk.web.api.scope import (
    find_order,
    own_reference,
    visible_plan,
    visible_receipt,
    visible_remote_orders,
)

__all__ = ["get_order", "get_plan", "get_receipt", "list_orders"]

_MOST_PAGES = 20
"""Pages that are looked through for orders that a caller of some connections sees, before a short page is given."""


def list_orders(call: ApiCall) -> JsonObject:
    """One page of the orders that the caller sees."""
    query = call.query_as(OrdersQuery)
    if call.caller.connections and (query.state is not None or query.needs_person):
        text, hint = "a state is that of all connections, and the token sees some of them", "list the cases instead"
        raise ValidationError(text, hint=hint)
    found: list[OrderSummary] = []
    is_complete, last = True, query.after
    for _ in range(_MOST_PAGES):
        page = call.desk.orders.search(
            query.text,
            folder=query.folder,
            state=query.state,
            needs_person=query.needs_person,
            limit=query.limit - len(found),
            after=last,
        )
        found += _visible_orders(call, page.orders)
        is_complete, last = is_complete and page.is_complete, page.next_after
        if last is None or len(found) == query.limit:
            break
    return order_page_document(OrderPage(tuple(found), last, is_complete))


def _visible_orders(call: ApiCall, orders: Sequence[OrderSummary]) -> Sequence[OrderSummary]:
    """The orders as far as the caller sees them: where they are, and how it stands there."""
    if not call.caller.connections:
        return orders
    seen: list[OrderSummary] = []
    marks = call.desk.ledger.case_marks([summary.order.id for summary in orders])
    for summary in orders:
        remote_orders = tuple(one for one in summary.remote_orders if call.caller.sees(one.connection))
        if remote_orders:
            own = [mark for mark in marks.get(summary.order.id, ()) if call.caller.sees(mark.connection)]
            seen.append(make_order_summary(FoundOrder(summary.order, summary.folder, remote_orders), own))
    return seen


def get_order(call: ApiCall) -> JsonObject:
    """One order, and its cases of every kind."""
    order = find_order(call, call.path["order"])
    return {
        "order": order_document(
            order,
            call.desk.order_store.folder_of(OrderId(order.id)),
            visible_remote_orders(call.desk, call.caller, order),
        ),
        "cases": [case_document(case) for case in _cases(call, order) if call.caller.sees(case.connection)],
    }


def _cases(call: ApiCall, order: Order) -> Iterator[Case]:
    for kind in CASE_CLASSES.values():
        yield from call.desk.ledger.cases(kind, order_id=order.id)


def get_plan(call: ApiCall) -> JsonObject:
    """What a cancellation would do now. Asks no service."""
    order = find_order(call, call.path["order"])
    effects = call.query_as(PlanQuery).side_effects
    return visible_plan(call.caller, call.desk.cancellations.plan(own_reference(order), side_effects=effects))


def get_receipt(call: ApiCall) -> JsonObject:
    """What was asked, answered and decided, with the evidence."""
    query, order = call.query_as(ReceiptQuery), find_order(call, call.path["order"])
    receipt = call.desk.cancellations.receipt(own_reference(order), limit=query.limit, after=query.after)
    seen = visible_receipt(call.caller, receipt)
    active = [str(one) for one in seen.coverage.still_active() if call.caller.sees(one.connection)]
    return receipt_document(seen) | {"still_active": active if seen.cancellations else []}
