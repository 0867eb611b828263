"""MWW's JSON:API: its calls, the body of a new order, and what the orders it returns say.

Source: MWW's public API docs, March 2021 text; not verified against production. They do not tell how a refusal looks.
"""

from __future__ import annotations

import httpx

from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.plugin import (
    Answer,
    LineAnswer,
    Order,
    OwnErrors,
    Service,
    answer,
    count_in,
    country_code,
    demand_metadata,
    fold,
    objects_at,
    same_lines,
    text_at,
)

__all__ = [
    "ERRORS",
    "answer_from_order",
    "cancel_order",
    "create_order",
    "has_lines_of",
    "new_order",
    "order_state",
    "read_lines",
    "read_order",
]

ORDERS = "/orders"
ERRORS = OwnErrors("errors", "check the API key with your MWW representative", parts=("title", "detail"))


def cancel_order(service: Service[MwwSettings], number: str) -> httpx.Request:
    """The call that asks MWW to cancel an order."""
    return service.request(
        "PATCH",
        ORDERS,
        number,
        operation="cancel",
        repeatable=True,
        json={"data": {"type": "orders", "id": number, "attributes": {"request": "cancel"}}},
    )


def read_order(service: Service[MwwSettings], number: str) -> httpx.Request:
    """The call that reads an order without its lines."""
    return service.get(ORDERS, number, operation="get")


def read_lines(service: Service[MwwSettings], order: httpx.Response) -> httpx.Request:
    """The call that reads the line items of an order that was read before. Raises MalformedReply."""
    return service.get(ORDERS, text_at(order, "data", "id"), "line-items", operation="lines")


def create_order(service: Service[MwwSettings], order: Order) -> httpx.Request:
    """The call that creates an order. Raises InputError as `new_order`."""
    return service.post(ORDERS, operation="create", json=new_order(order, service.settings))


def new_order(order: Order, settings: MwwSettings) -> dict[str, object]:
    """The body that creates an order. Raises InputError where a line has no design, or its country is none."""
    key, to = settings.design_key, order.shipping
    demand_metadata(order, key, "design")
    address = {
        "name": to.recipient,
        "address1": to.address1,
        "address2": to.further,
        "email": order.email,
        "city": to.city,
        "state": to.state,
        "country": country_code(to.country, place="shipping-address.country"),
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


def order_state(reply: httpx.Response) -> str:
    """The state of the order in a reply, in MWW's own word. Raises MalformedReply."""
    return text_at(reply, "data", "attributes", "state")


def answer_from_order(reply: httpx.Response) -> Answer:
    """What an order that was read says of its cancellation. Raises MalformedReply."""
    if not reply.is_success:
        return ERRORS.untold(reply)
    state = order_state(reply)
    return answer.by_status(
        reply,
        state,
        canceled_in=["canceled"],
        shipped_in=["shipped"],
        too_late_in=["packed"],
        open_in=["received"],
        word=fold(state),
    )


def has_lines_of(reply: httpx.Response, order: Order) -> bool:
    """Whether the line items in a reply are those of this order. Raises MalformedReply."""
    items = [attributes for item in objects_at(reply, "data") if isinstance(attributes := item.get("attributes"), dict)]
    lines = [
        LineAnswer(text_at(reply, "product-code", within=item), count_in(reply, item, "quantity"), 0) for item in items
    ]
    return same_lines(lines, order)
