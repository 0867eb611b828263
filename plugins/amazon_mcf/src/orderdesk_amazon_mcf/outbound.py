"""The seam to Fulfillment Outbound v2020-07-01: its paths and shapes stand here and nowhere else.

Version 2026-07-04 has other paths and status words and no `payload`: moving there means another module like this.
"""

from __future__ import annotations

from datetime import datetime

import httpx

from orderdesk_amazon_mcf.account import McfSettings
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Refusal
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.toolkit.countries import country_code
from orderdesk_sdk.plugin.toolkit.json_response import each_inside, json_object, text_at
from orderdesk_sdk.plugin.toolkit.line_quantities import same_lines, told_lines
from orderdesk_sdk.plugin.toolkit.required_fields import demand

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
OPEN = ("New", "Received", "Planning")
ALIVE = {*map(fold, OPEN), "processing"}
TOO_LATE = "contact Seller Support; Amazon promises nothing once picking has begun"


def read(reply: httpx.Response) -> tuple[str, tuple[LineAnswer, ...]]:
    """The status word as Amazon spells it, and per SKU how many are canceled. Raises MalformedReply."""
    order, items = ("payload", "fulfillmentOrder"), ("payload", "fulfillmentOrderItems")
    lines = told_lines(reply, *items, code="sellerSku", ordered="quantity", canceled="cancelledQuantity")
    return text_at(reply, *order, "fulfillmentOrderStatus"), lines


def verdict(reply: httpx.Response) -> Answer:
    """What the order in a reply says of a cancel. Raises MalformedReply."""
    status, lines = read(reply)
    words = each_inside(json_object(reply), "payload", "fulfillmentShipments", "*", "fulfillmentShipmentStatus")
    match fold(status):
        case "canceled" | "unfulfillable" | "invalid" if "SHIPPED" not in words:  # The three never ship (model).
            return answer.canceled(reply, status=status, lines=lines)
        case "completepartialled" if any(line.canceled for line in lines):
            return answer.partly_canceled(reply, lines, status=status)
        case "complete" | "completepartialled" if lines:
            return answer.refused(reply, Refusal.SHIPPED, status=status, remedy=TOO_LATE, lines=lines)
        case word if word in ALIVE:  # Accepted cancels have been seen to win even while picking.
            return answer.pending(reply, status=status, lines=lines)
        case _:
            return answer.unclear(reply, status=status, text=f"its status {status!r} does not tell what became of it")


def is_ours(reply: httpx.Response, order: Order) -> bool:
    """Whether the order in a reply is on its way with the SKUs and quantities of this one. Raises MalformedReply."""
    status, lines = read(reply)
    return fold(status) in ALIVE and same_lines(lines, order)


def new_order(order: Order, settings: McfSettings, now: datetime) -> dict[str, object]:
    """The body of createFulfillmentOrder. Raises InputError for an order that lacks what Amazon's model demands."""
    to, country = order.shipping, country_code(order.shipping.country, place="destinationAddress.countryCode")
    address = {
        "name": to.recipient,
        "addressLine1": to.address1, "addressLine2": to.address2, "addressLine3": to.address3, "city": to.city,
        "stateOrRegion": to.state, "postalCode": to.postal_code, "countryCode": country, "phone": to.phone,
    }  # fmt: skip
    needed = ("name", "addressLine1", "postalCode", *(["city"] if country != "JP" else []))
    texts = {f"destinationAddress.{name}": address[name] for name in needed}
    demand(order, texts, longest_code=50, most_lines=100, most_units=250)
    body = {
        "marketplaceId": settings.marketplace_id, "shippingSpeedCategory": settings.speed,
        "fulfillmentAction": settings.action, "fulfillmentPolicy": settings.policy,
        "sellerFulfillmentOrderId": order.number, "displayableOrderId": order.number,
        "displayableOrderDate": (order.added_at or now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "displayableOrderComment": "Thank you for your order.",
        "destinationAddress": {name: text for name, text in address.items() if text.strip()},
        "items": [
            {"sellerSku": line.code, "sellerFulfillmentOrderItemId": str(number), "quantity": line.quantity}
            for number, line in enumerate(order.lines, start=1)
        ],
    }  # fmt: skip
    return {name: value for name, value in body.items() if value}
