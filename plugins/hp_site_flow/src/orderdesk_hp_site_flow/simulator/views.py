"""The answers of the API: its objects in the shapes of a published response."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_devkit.simulators.http_requests import stamp
from orderdesk_hp_site_flow.simulator.store import Order, object_id

__all__ = ["DESTINATION", "SOURCE", "error_view", "order_view"]

DESTINATION = "simulated-printer"
SOURCE = "simulated-brand"


def order_view(order: Order) -> dict[str, object]:
    """An order. Of items, components and shipments only the status `live` is known, so they keep it."""
    return {
        "_id": order.id,
        "__v": 1,
        "destination": {"id": object_id("account", DESTINATION), "name": DESTINATION},
        "source": {"id": object_id("account", SOURCE), "name": SOURCE},
        "files": [],
        "logs": [
            {
                "level": "info",
                "message": "Order created",
                "resourceId": order.id,
                "resourceType": "order",
                "timestamp": stamp(order.created_at, "milliseconds"),
            },
        ],
        "orderData": {
            "date": stamp(order.created_at, "milliseconds"),
            "sourceOrderId": order.number,
            "status": order.status.value,
            "items": [
                {
                    "_id": object_id(order.id, "item", index),
                    "sku": item.sku,
                    "sourceItemId": item.source_id,
                    "quantity": item.quantity,
                    "shipmentIndex": 0,
                    "status": "live",
                }
                for index, item in enumerate(order.items)
            ],
            "shipments": [{"_id": object_id(order.id, "shipment"), "shipmentIndex": 0, "status": "live"}],
        },
    }


def error_view(code: int, message: str, mistakes: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
    """An error. 208, a validation failure with its list, is the only code that is documented."""
    error: dict[str, object] = {"code": code, "message": message}
    if mistakes:
        error["validations"] = [{"path": path, "message": text} for path, text in mistakes]
    return {"error": error}
