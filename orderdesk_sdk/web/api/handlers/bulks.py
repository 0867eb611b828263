"""Many orders at once: recorded while the caller waits, sent by the worker."""

from __future__ import annotations

from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.desk.documents import JsonObject, bulk_summary_document
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, OrderDeskError
from orderdesk_sdk.web.api.caller_keys import key_prefix
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.plan_agreement import agreed_plan
from orderdesk_sdk.web.api.requests import BulkCancelRequest, BulkOrder
from orderdesk_sdk.web.api.scope import find_order, narrowed_connections, own_reference, visible_remote_orders

__all__ = ["cancel_bulk", "get_bulk"]

UNKNOWN = "id:"
"""A reference that no order has."""
MAX_TOLD = 3
"""Reasons that are told where no order was accepted."""


def cancel_bulk(call: ApiCall) -> JsonObject:
    """Record the cancellations of many orders."""
    request = call.body_as(BulkCancelRequest)
    wanted = [_bulk_request(call, request, number) for number in range(len(request.orders))]
    run = call.desk.cancel_many(wanted, by=call.caller.name, idempotency_key=call.key or "", send=False)
    for _ in run:
        pass  # What was not accepted is in the summary.
    summary = run.summary()
    if not run.recorded:
        raise InvalidStateError(
            f"none of the orders was accepted: {'; '.join(one.reason for one in summary.reasons[:MAX_TOLD])}",
            hint="mend what is wrong with them; nothing was recorded",
        )
    return bulk_summary_document(summary)


def _bulk_request(call: ApiCall, request: BulkCancelRequest, index: int) -> BulkRequest:
    """One order of the bulk. What a caller of some connections does not see is refused as an unknown order is."""
    asked: BulkOrder = request.orders[index]
    reference, connections = asked.order, asked.connections or request.connections
    place = f"$.orders[{index}]"
    plan = agreed_plan(call.caller, asked.plan, place, without_plan=request.without_plan and asked.plan is None)
    if call.caller.connections:
        try:
            order = find_order(call, asked.order)
        except OrderDeskError:
            reference = UNKNOWN
        else:
            seen = [remote.connection for remote in visible_remote_orders(call.desk, call.caller, order)]
            reference, connections = own_reference(order), narrowed_connections(call.caller, connections, seen)
    return BulkRequest(reference, asked.reason or request.reason, asked.lines, connections, index + 1, plan)


def get_bulk(call: ApiCall) -> JsonObject:
    """Where the orders of a bulk stand now."""
    bulk = call.path["bulk"]
    summary = call.desk.cancel_many((), by=call.caller.name, idempotency_key=bulk, send=False).summary()
    if not summary.total or (call.caller.connections and not bulk.startswith(key_prefix(call.caller))):
        raise NotFoundError("no bulk has this name")
    return bulk_summary_document(summary)
