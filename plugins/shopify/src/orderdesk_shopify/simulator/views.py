"""The objects of the simulated API, as their fields are asked for."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_devkit.simulators.http_requests import format_datetime
from orderdesk_shopify.simulator.store import FulfillmentOrder, Order

__all__ = ["Row", "error_view", "order_view", "rejected_cancel_view", "fulfillment_order_view"]

Row = Mapping[str, object]


def error_view(text: str, **more: object) -> Row:
    """A user error of a mutation, which has more fields where it says so."""
    return {"field": None, "message": text, **more}


def rejected_cancel_view(text: str, code: str) -> Row:
    """What orderCancel gives back where it starts no job. code: of OrderCancelUserErrorCode."""
    return {"job": None, "jobResult": None, "orderCancelUserErrors": [error_view(text, code=code)]}


def order_view(order: Order, *, shows_cancel: bool = True) -> Row:
    """An order. shows_cancel: whether it tells that it is canceled, where it is."""
    at = order.canceled_at if shows_cancel else None
    return {
        "__typename": "Order",
        "id": order.gid,
        "name": f"#{order.number}",
        "cancelledAt": format_datetime(at) if at is not None else None,
        "cancelReason": order.reason,
        "closed": order.closed,
        "displayFulfillmentStatus": order.fulfillment.upper().replace(" ", "_"),
    }


def fulfillment_order_view(order: FulfillmentOrder) -> Row:
    """A fulfillment order."""
    parcel = {"id": f"gid://shopify/Fulfillment/{order.number}", "status": order.parcel}
    request = {
        "id": f"gid://shopify/FulfillmentOrderMerchantRequest/{order.number}{order.times_asked or ''}",
        "kind": "CANCELLATION_REQUEST",
        "message": order.request,
        "sentAt": format_datetime(order.requested_at) if order.requested_at is not None else None,
        # That the service's words stand here under this name is the simulator's choice: Shopify does not say.
        "responseData": {"message": order.answer} if order.answer else None,
    }
    return {
        "__typename": "FulfillmentOrder",
        "id": order.gid,
        "status": order.status,
        "requestStatus": order.asked,
        "supportedActions": [{"action": action} for action in order.actions],
        "fulfillments": {"nodes": [parcel] if order.parcel is not None else []},
        "merchantRequests": {"nodes": [request] if order.requested_at is not None else []},
    }
