"""Fulfillment Outbound v2020-07-01: its paths, the body of a new order, and what its responses say.

How Amazon refuses is undocumented, so no error's words are read. Version 2026-07-04 has other paths and status words
and no `payload`: moving there means another module like this.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from orderdesk_amazon_mcf.settings import McfSettings
from orderdesk_sdk.plugin import (
    Answer,
    LineAnswer,
    MessageChannel,
    NotificationKind,
    Order,
    OrderNotification,
    Rejection,
    SignatureVerificationError,
    WebhookRequest,
    answer,
    auth_or_rate_limit_answer,
    country_code,
    get_path,
    json_object,
    json_text_at,
    line_answers_at,
    lines_match,
    normalize_status,
    require_order_fields,
    text_at,
    values_in,
    webhook_object,
)

if TYPE_CHECKING:
    import httpx

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
OPEN = ("New", "Received", "Planning")
ACTIVE = {*map(normalize_status, OPEN), "processing"}
ACCESS_HINT = "check the endpoint's region, the application's role Amazon Fulfillment, and the seller's authorization"
TOO_LATE_HINT = "contact Seller Support; Amazon promises nothing once picking has begun"
UNKNOWN = "Amazon does not know the order"
NUMBER_IN_USE = (
    "Amazon has an order under this number, not known for ours or not on its way, and an id is never free again"
)
NUMBER_IN_USE_HINT = "see at Amazon whether that order is this one; if not, give another number"


NOTIFICATION = "a notification of Amazon"


def succeeded(response: httpx.Response) -> bool:
    """Whether a request was taken: Amazon's error list may come with a 200 too."""
    return response.is_success and not json_object(response).get("errors")


def answer_from_order(response: httpx.Response) -> Answer:
    """What the order in a response says of a cancel. Raises MalformedResponseError."""
    status, lines = status_and_lines(response)
    words = values_in(json_object(response), "payload", "fulfillmentShipments", "*", "fulfillmentShipmentStatus")
    match normalize_status(status):
        case "canceled" | "unfulfillable" | "invalid" if "SHIPPED" not in words:  # The three never ship (model).
            return answer.canceled(response, status=status, lines=lines)
        case "completepartialled" if any(line.canceled for line in lines):
            return answer.partially_canceled(response, lines, status=status)
        case "complete" | "completepartialled" if lines:
            return answer.rejected(response, Rejection.SHIPPED, status=status, hint=TOO_LATE_HINT, lines=lines)
        case word if word in ACTIVE:  # Accepted cancels have been seen to win even while picking.
            return answer.pending(response, status=status, lines=lines)
        case _:
            return answer.unknown(
                response, status=status, message=f"its status {status!r} does not tell what became of it"
            )


def matches_order(response: httpx.Response, order: Order) -> bool:
    """Whether the order in a response is on its way with the SKUs and quantities of this one.

    Raises MalformedResponseError.
    """
    status, lines = status_and_lines(response)
    return normalize_status(status) in ACTIVE and lines_match(lines, order)


def status_and_lines(response: httpx.Response) -> tuple[str, tuple[LineAnswer, ...]]:
    """The status word as Amazon spells it, and per SKU how many are canceled. Raises MalformedResponseError."""
    lines = line_answers_at(
        response,
        "payload",
        "fulfillmentOrderItems",
        code="sellerSku",
        ordered="quantity",
        canceled="cancelledQuantity",
    )
    return text_at(response, "payload", "fulfillmentOrder", "fulfillmentOrderStatus"), lines


def answer_without_order(response: httpx.Response) -> Answer:
    """What a response comes to that tells of no order."""
    return auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT, error_key="errors") or answer.unknown(response)


def new_order(order: Order, settings: McfSettings, now: datetime) -> dict[str, object]:
    """The body of createFulfillmentOrder.

    Raises ValidationError for an order that lacks what Amazon's model demands.
    """
    to = order.shipping
    country = country_code(to.country, location="destinationAddress.countryCode")
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
    require_order_fields(order, texts, max_code_length=50, max_lines=100, max_units=250)
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


def notifications_from_queue(request: WebhookRequest) -> tuple[OrderNotification, ...]:
    """The order that a notification FULFILLMENT_ORDER_STATUS is about; empty for another type, and for a return.

    Amazon signs nothing: it writes into the seller's own queue alone, so one that came over HTTP is not Amazon's.
    Raises SignatureVerificationError for such a one, and MalformedResponseError.
    """
    if request.channel is not MessageChannel.QUEUE:
        raise SignatureVerificationError(
            "Amazon notifies by the seller's queue alone", hint="take the messages out of the queue; see the docs"
        )
    body = webhook_object(request, location=NOTIFICATION)
    content = ("Payload", "FulfillmentOrderStatusNotification")
    if body.get("NotificationType") != "FULFILLMENT_ORDER_STATUS" or get_path(body, *content, "EventType") == "Return":
        return ()
    number = json_text_at(request, *content, "SellerFulfillmentOrderId", location=NOTIFICATION)
    delivery = get_path(body, "NotificationMetadata", "NotificationId")
    kind = NotificationKind.CHANGED
    if normalize_status(str(get_path(body, *content, "FulfillmentOrderStatus"))) == "canceled":
        kind = NotificationKind.CANCELED
    if get_path(body, *content, "FulfillmentShipment", "FulfillmentShipmentStatus") in ("Shipped", "SHIPPED"):
        kind = NotificationKind.SHIPPED
    return (OrderNotification(number, kind, delivery if isinstance(delivery, str) else None),)
