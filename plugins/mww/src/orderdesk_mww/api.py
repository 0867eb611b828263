"""MWW's JSON:API: its calls, the body of a new order, and what the orders it returns say.

Source: MWW's public API docs, March 2021 text; not verified against production. They do not tell how a rejection looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.plugin import (
    Answer,
    LineAnswer,
    MalformedResponseError,
    NotificationKind,
    Order,
    OrderNotification,
    Service,
    ServiceErrors,
    WebhookRequest,
    answer,
    country_code,
    get_path,
    integer_at,
    lines_match,
    normalize_status,
    objects_at,
    require_line_metadata,
    text_at,
    values_in,
    webhook_object,
)

if TYPE_CHECKING:
    import httpx

__all__ = [
    "ERRORS",
    "WEBHOOK",
    "answer_from_order",
    "cancel_order",
    "create_order",
    "has_lines_of",
    "new_order",
    "notifications_from_webhook",
    "order_state",
    "read_lines",
    "read_order",
]

ORDERS_PATH = "/orders"
ERRORS = ServiceErrors("errors", "check the API key with your MWW representative", parts=("title", "detail"))


WEBHOOK = "a webhook of MWW"
WEBHOOK_EVENTS = {"canceled": NotificationKind.CANCELED, "shipped": NotificationKind.SHIPPED}
"""What an event says; its case varies (MWW's docs print "received" and "Shipped")."""


def cancel_order(service: Service[MwwSettings], number: str) -> httpx.Request:
    """The call that asks MWW to cancel an order."""
    return service.request(
        "PATCH",
        ORDERS_PATH,
        number,
        operation="cancel",
        idempotent=True,
        json={"data": {"type": "orders", "id": number, "attributes": {"request": "cancel"}}},
    )


def read_order(service: Service[MwwSettings], number: str) -> httpx.Request:
    """The call that reads an order without its lines."""
    return service.get(ORDERS_PATH, number, operation="get")


def read_lines(service: Service[MwwSettings], order: httpx.Response) -> httpx.Request:
    """The call that reads the line items of an order that was read before. Raises MalformedResponseError."""
    return service.get(ORDERS_PATH, text_at(order, "data", "id"), "line-items", operation="lines")


def create_order(service: Service[MwwSettings], order: Order) -> httpx.Request:
    """The call that creates an order. Raises ValidationError as `new_order`."""
    return service.post(ORDERS_PATH, operation="create", json=new_order(order, service.settings))


def new_order(order: Order, settings: MwwSettings) -> dict[str, object]:
    """The body that creates an order. Raises ValidationError where a line has no design, or its country is none."""
    key, to = settings.design_key, order.shipping
    require_line_metadata(order, key, "design")
    address = {
        "name": to.recipient,
        "address1": to.address1,
        "address2": to.additional_lines,
        "email": order.email,
        "city": to.city,
        "state": to.state,
        "country": country_code(to.country, location="shipping-address.country"),
        "postal-code": to.postal_code,
        "phone": to.phone,
    }
    lines = [
        {
            "type": "line-items",
            "attributes": {
                "line-number": number,
                "quantity": line.quantity,
                "description": line.name,
                "product-code": line.code,
                "designs": [{"image-remote-url": line.metadata[key]}],
            },
        }
        for number, line in enumerate(order.lines, start=1)
    ]
    attributes = {
        "vendor-po": order.number,
        "shipping-method": settings.shipping_method or order.shipping_method,
    }
    return {
        "data": {"type": "orders", "attributes": attributes},
        "included": [{"type": "shipping-address", "attributes": address}, *lines],
    }


def order_state(response: httpx.Response) -> str:
    """The state of the order in a response, in MWW's own word. Raises MalformedResponseError."""
    return text_at(response, "data", "attributes", "state")


def answer_from_order(response: httpx.Response) -> Answer:
    """What an order that was read says of its cancellation. Raises MalformedResponseError."""
    if not response.is_success:
        return ERRORS.answer_without_order(response)
    state = order_state(response)
    return answer.from_status(
        response,
        state,
        canceled_statuses=["canceled"],
        shipped_statuses=["shipped"],
        too_late_statuses=["packed"],
        open_statuses=["received"],
        normalized_status=normalize_status(state),
    )


def has_lines_of(response: httpx.Response, order: Order) -> bool:
    """Whether the line items in a response are those of this order. Raises MalformedResponseError."""
    items = [
        attributes for item in objects_at(response, "data") if isinstance(attributes := item.get("attributes"), dict)
    ]
    lines = [
        LineAnswer(text_at(response, "product-code", within=item), integer_at(response, item, "quantity"), 0)
        for item in items
    ]
    return lines_match(lines, order)


def notifications_from_webhook(request: WebhookRequest) -> tuple[OrderNotification, ...]:
    """What a webhook is about: its order, under MWW's own id and under ours. Raises MalformedResponseError."""
    body = webhook_object(request, location=WEBHOOK)
    names = (
        *values_in(body, "data", "relationships", "mwwondemand-order", "data", "id"),
        *values_in(body, "included", "mwwondemand-orders", "*", "id"),
        *values_in(body, "included", "mwwondemand-orders", "*", "attributes", "vendor-po"),
    )
    numbers = dict.fromkeys(str(name) for name in names if isinstance(name, str | int) and str(name).strip())
    if not numbers:
        raise MalformedResponseError("the webhook names no order", location=WEBHOOK)
    event = get_path(body, "data", "attributes", "event")
    word = normalize_status(event) if isinstance(event, str) else ""
    kind = WEBHOOK_EVENTS.get(word, NotificationKind.CHANGED)
    return tuple(OrderNotification(number, kind) for number in numbers)
