"""Ask services what they would say to a cancel of an order."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from orderdesk_sdk.desk.documents import JsonObject, eligibility_result_document
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import EligibilityReadRequest
from orderdesk_sdk.web.api.scope import find_order, narrowed_connections, own_reference, visible_remote_orders

__all__ = ["read_eligibility"]


def read_eligibility(call: ApiCall) -> JsonObject:
    """Ask now, as often as the merchant's quota there allows."""
    request, order = call.body_as(EligibilityReadRequest), find_order(call, call.path["order"])
    seen = [remote.connection for remote in visible_remote_orders(call.desk, call.caller, order)]
    wanted = () if request.connection is None else (request.connection,)
    seconds = call.limits.polls.wait(order.id)
    if seconds:
        text = "The services were asked about this order a short while ago; wait."
        raise HTTPException(429, text, headers={"Retry-After": str(seconds)})
    places = narrowed_connections(call.caller, wanted, seen)
    results = call.desk.eligibility.read(own_reference(order), by=call.caller.name, connections=places)
    return {
        "order_id": order.id,
        "order_number": order.number,
        "results": [eligibility_result_document(result) for result in results],
    }
