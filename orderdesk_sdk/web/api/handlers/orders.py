"""Orders, their plans and their receipts: what is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.desk.documents import JsonObject, case_document, order_document, receipt_document
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.web.api.case_kinds import CASE_CLASSES
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import OrdersQuery, ReceiptQuery
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
    found: list[JsonObject] = []
    if call.caller.connections and (query.state is not None or query.needs_person):
        text, hint = "a state is that of all connections, and the token sees some of them", "list the cases instead"
        raise ValidationError(text, location="state", hint=hint)
    last = query.after
    for _ in range(_MOST_PAGES):
        page = call.desk.orders.search(
            query.text,
            folder=query.folder,
            state=query.state,
            needs_person=query.needs_person,
            limit=query.limit - len(found),
            after=last,
        )
        documents = (_visible_order(call, summary.order) for summary in page.orders)
        found.extend(document for document in documents if document is not None)
        last = page.next_after
        if last is None or len(found) == query.limit:
            break
    return {"orders": found, "next_after": last}


def _visible_order(call: ApiCall, order: Order) -> JsonObject | None:
    remote_orders = visible_remote_orders(call.desk, call.caller, order)
    if call.caller.connections and not remote_orders:
        return None
    return order_document(order, call.desk.order_store.folder_of(OrderId(order.id)), remote_orders)


def get_order(call: ApiCall) -> JsonObject:
    """One order, and its cases of every kind."""
    order = find_order(call, call.path["order"])
    return {
        "order": _visible_order(call, order),
        "cases": [case_document(case) for case in _cases(call, order) if call.caller.sees(case.connection)],
    }


def _cases(call: ApiCall, order: Order) -> Iterator[Case]:
    for kind in CASE_CLASSES.values():
        yield from call.desk.ledger.cases(kind, order_id=order.id)


def get_plan(call: ApiCall) -> JsonObject:
    """What a cancellation would do now. Asks no service."""
    order = find_order(call, call.path["order"])
    return visible_plan(call.caller, call.desk.cancellations.plan(own_reference(order)))


def get_receipt(call: ApiCall) -> JsonObject:
    """What was asked, answered and decided, with the evidence."""
    query, order = call.query_as(ReceiptQuery), find_order(call, call.path["order"])
    receipt = call.desk.cancellations.receipt(own_reference(order), limit=query.limit, after=query.after)
    seen = visible_receipt(call.caller, receipt)
    active = [str(one) for one in seen.coverage.still_active() if call.caller.sees(one.connection)]
    return receipt_document(seen) | {"still_active": active if seen.cancellations else []}
