"""The seam to MWW's JSON:API: its paths, shapes and words stand here and nowhere else."""

from __future__ import annotations

import httpx

from orderdesk_mww.account import MwwSettings
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.toolkit.countries import country_code
from orderdesk_sdk.plugin.toolkit.json_response import count_in, objects_at, text_at
from orderdesk_sdk.plugin.toolkit.line_quantities import same_lines
from orderdesk_sdk.plugin.toolkit.required_fields import demand_metadata
from orderdesk_sdk.plugin.toolkit.service_errors import OwnErrors

ORDERS = "/orders"
STATE = ("data", "attributes", "state")
ERRORS = OwnErrors("errors", "check the API key with your MWW representative", parts=("title", "detail"))


def standing(reply: httpx.Response) -> Answer:
    """What a reply to a read says of the order. Raises MalformedReply."""
    if not reply.is_success:
        return ERRORS.untold(reply)
    said, shipped, packed, received = text_at(reply, *STATE), ["shipped"], ["packed"], ["received"]
    return answer.by_status(
        reply, said, canceled_in=["canceled"], shipped_in=shipped, too_late_in=packed, open_in=received, word=fold(said)
    )


def are_of(reply: httpx.Response, order: Order) -> bool:
    """Whether the line items in a reply are those of this order. Raises MalformedReply."""
    there = [one for item in objects_at(reply, "data") if isinstance(one := item.get("attributes"), dict)]
    codes = [(text_at(reply, "product-code", within=one), count_in(reply, one, "quantity")) for one in there]
    return same_lines([LineAnswer(code, count, 0) for code, count in codes], order)


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
    head = {"vendor-po": order.number, "shipping-method": settings.shipping_method or order.shipping_method}
    included = [{"type": "shipping-address", "attributes": address}, *lines]
    return {"data": {"type": "orders", "attributes": head}, "included": included}
