"""Fulfillment Outbound v2020-07-01: its paths, the body of a new order, and what its responses say.

How Amazon refuses is undocumented, so no error's words are read. Version 2026-07-04 has other paths and status words
and no `payload`: moving there means another module like this.
"""

from __future__ import annotations

from datetime import datetime

import httpx

from orderdesk_amazon_mcf.settings import McfSettings
from orderdesk_sdk.plugin import (
    Answer,
    LineAnswer,
    Order,
    Refusal,
    answer,
    country_code,
    demand,
    each_inside,
    fold,
    json_object,
    same_lines,
    text_at,
    told_lines,
    turned_away,
)

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
OPEN = ("New", "Received", "Planning")
ALIVE = {*map(fold, OPEN), "processing"}
ACCESS = "check the endpoint's region, the application's role Amazon Fulfillment, and the seller's authorization"
TOO_LATE = "contact Seller Support; Amazon promises nothing once picking has begun"
UNKNOWN = "Amazon does not know the order"
TAKEN = "Amazon has an order under this number, not known for ours or not on its way, and an id is never free again"
OTHER = "see at Amazon whether that order is this one; if not, give another number"


def succeeded(reply: httpx.Response) -> bool:
    """Whether a request was taken: Amazon's error list may come with a 200 too."""
    return reply.is_success and not json_object(reply).get("errors")


def verdict(reply: httpx.Response) -> Answer:
    """What the order in a reply says of a cancel. Raises MalformedReply."""
    status, lines = status_and_lines(reply)
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
    status, lines = status_and_lines(reply)
    return fold(status) in ALIVE and same_lines(lines, order)


def status_and_lines(reply: httpx.Response) -> tuple[str, tuple[LineAnswer, ...]]:
    """The status word as Amazon spells it, and per SKU how many are canceled. Raises MalformedReply."""
    lines = told_lines(
        reply,
        "payload",
        "fulfillmentOrderItems",
        code="sellerSku",
        ordered="quantity",
        canceled="cancelledQuantity",
    )
    return text_at(reply, "payload", "fulfillmentOrder", "fulfillmentOrderStatus"), lines


def nothing_read(reply: httpx.Response) -> Answer:
    """What a reply comes to that tells of no order."""
    return turned_away(reply, check=ACCESS, own="errors") or answer.unclear(reply)


def new_order(order: Order, settings: McfSettings, now: datetime) -> dict[str, object]:
    """The body of createFulfillmentOrder. Raises InputError for an order that lacks what Amazon's model demands."""
    to = order.shipping
    country = country_code(to.country, place="destinationAddress.countryCode")
    address = {
        "name": to.recipient,
        "addressLine1": to.address1,
        "addressLine2": to.address2,
        "addressLine3": to.address3,
        "city": to.city,
        "stateOrRegion": to.state,
        "postalCode": to.postal_code,
        "countryCode": country,
        "phone": to.phone,
    }
    needed = ("name", "addressLine1", "postalCode", *(["city"] if country != "JP" else []))
    texts = {f"destinationAddress.{name}": address[name] for name in needed}
    demand(order, texts, longest_code=50, most_lines=100, most_units=250)
    body = {
        "marketplaceId": settings.marketplace_id,
        "shippingSpeedCategory": settings.speed,
        "fulfillmentAction": settings.action,
        "fulfillmentPolicy": settings.policy,
        "sellerFulfillmentOrderId": order.number,
        "displayableOrderId": order.number,
        "displayableOrderDate": (order.added_at or now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "displayableOrderComment": "Thank you for your order.",
        "destinationAddress": {name: text for name, text in address.items() if text.strip()},
        "items": [
            {
                "sellerSku": line.code,
                "sellerFulfillmentOrderItemId": str(number),
                "quantity": line.quantity,
            }
            for number, line in enumerate(order.lines, start=1)
        ],
    }
    return {name: value for name, value in body.items() if value}
