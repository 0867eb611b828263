"""The seam to Fulfillment Outbound v2020-07-01: its paths and shapes stand here and nowhere else.

Version 2026-07-04 has other paths and status words and no `payload`: moving there means another module like this.
"""

from __future__ import annotations

from datetime import datetime

import httpx

from orderdesk_amazon_mcf.account import McfSettings
from orderdesk_sdk.answer import LineAnswer
from orderdesk_sdk.order import Order
from orderdesk_sdk.reading import count_in, objects_at, text_at

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


def read(reply: httpx.Response) -> tuple[str, tuple[LineAnswer, ...]]:
    """The status word as Amazon spells it, and per SKU how many are canceled. Raises MalformedReply."""
    status = text_at(reply, "payload", "fulfillmentOrder", "fulfillmentOrderStatus")
    return status, tuple(
        LineAnswer(
            str(item.get("sellerSku")), count_in(reply, item, "quantity"), count_in(reply, item, "cancelledQuantity", 0)
        )
        for item in objects_at(reply, "payload", "fulfillmentOrderItems")
    )


def same_items(reply: httpx.Response, order: Order) -> bool:
    """Whether the order in a reply has the SKUs and quantities of this one."""
    there = sorted((answer.line, answer.ordered) for answer in read(reply)[1])
    return there == sorted((line.code, line.quantity) for line in order.lines)


def new_order(order: Order, settings: McfSettings, now: datetime) -> dict[str, object]:
    """The body of createFulfillmentOrder."""
    to = order.shipping
    address = {
        "name": to.recipient,
        "addressLine1": to.address1, "addressLine2": to.address2, "addressLine3": to.address3, "city": to.city,
        "stateOrRegion": to.state, "postalCode": to.postal_code, "countryCode": to.country, "phone": to.phone,
    }  # fmt: skip
    body = {
        "marketplaceId": settings.marketplace_id,
        "sellerFulfillmentOrderId": order.number,
        "displayableOrderId": order.number,
        "displayableOrderDate": (order.added_at or now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "displayableOrderComment": "Thank you for your order.",
        "shippingSpeedCategory": settings.speed,
        "fulfillmentAction": settings.action,
        "fulfillmentPolicy": settings.policy,
        "destinationAddress": {name: text for name, text in address.items() if text},
        "items": [
            {"sellerSku": line.code, "sellerFulfillmentOrderItemId": str(number), "quantity": line.quantity}
            for number, line in enumerate(order.lines, start=1)
        ],
    }
    return {name: value for name, value in body.items() if value}
