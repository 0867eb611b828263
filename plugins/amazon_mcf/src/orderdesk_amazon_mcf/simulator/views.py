"""The answers of the API: what an order looks like from outside, in the shapes of the model.

Where the model leaves an optional field open the simulator leaves it out. Center, carrier and tracking texts are the
simulator's choice.
"""

from __future__ import annotations

from orderdesk_amazon_mcf.simulator.orders import Order, Status
from orderdesk_devkit.simulators.http_requests import stamp

__all__ = ["errors", "order_view", "whole_view"]

_SHIPMENTS = {
    Status.PROCESSING: "PENDING",
    Status.COMPLETE: "SHIPPED",
    Status.COMPLETE_PARTIALLED: "SHIPPED",
}


def errors(code: str, *messages: str, details: str = "") -> dict[str, object]:
    """An error body with one entry per message."""
    return {"errors": [{"code": code, "message": message, "details": details} for message in messages]}


def order_view(order: Order) -> dict[str, object]:
    """A FulfillmentOrder, as listAllFulfillmentOrders gives it."""
    return {
        "sellerFulfillmentOrderId": order.remote_id,
        **order.content,
        "fulfillmentAction": "Hold" if order.held else "Ship",
        "receivedDate": stamp(order.received_at),
        "fulfillmentOrderStatus": order.status.value,
        "statusUpdatedDate": stamp(order.status_at),
    }


def whole_view(order: Order) -> dict[str, object]:
    """A GetFulfillmentOrderResult."""
    return {
        "fulfillmentOrder": order_view(order),
        "fulfillmentOrderItems": [
            {
                "sellerSku": line.sku,
                "sellerFulfillmentOrderItemId": line.item_id,
                "quantity": line.quantity,
                **line.extras,
                "cancelledQuantity": line.cancelled,
                "unfulfillableQuantity": line.unfulfillable,
            }
            for line in order.lines
        ],
        "fulfillmentShipments": _shipments(order),
        "returnItems": [],
        "returnAuthorizations": [],
    }


def _shipments(order: Order) -> list[dict[str, object]]:
    """One shipment from the moment picking begins; none for an order that nothing was picked for."""
    if order.status not in _SHIPMENTS:
        return []
    items = [
        {"sellerSku": line.sku, "sellerFulfillmentOrderItemId": line.item_id, "quantity": line.shipping}
        for line in order.lines
        if line.shipping
    ]
    shipment: dict[str, object] = {
        "amazonShipmentId": f"SIM{order.number:06}",
        "fulfillmentCenterId": "SIM1",
        "fulfillmentShipmentStatus": _SHIPMENTS[order.status],
        "fulfillmentShipmentItem": items,
    }
    if order.status is not Status.PROCESSING:
        shipment["shippingDate"] = stamp(order.status_at)
        shipment["fulfillmentShipmentPackage"] = [
            {"packageNumber": order.number, "carrierCode": "SIMULATED", "trackingNumber": f"SIMTRACK{order.number:08}"}
        ]
    return [shipment]
