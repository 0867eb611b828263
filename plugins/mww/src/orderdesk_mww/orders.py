"""The seam to MWW's JSON:API: its paths and shapes stand here and nowhere else."""

from __future__ import annotations

import httpx

from orderdesk_mww.account import MwwSettings
from orderdesk_sdk.order import Order
from orderdesk_sdk.reading import count_in, objects_at

ORDERS = "/orders"
STATE = ("data", "attributes", "state")


def same_lines(reply: httpx.Response, order: Order) -> bool:
    """Whether the line items in a reply are those of this order. Raises MalformedReply."""
    there = [one for item in objects_at(reply, "data") if isinstance(one := item.get("attributes"), dict)]
    found = sorted((str(one.get("product-code")), count_in(reply, one, "quantity")) for one in there)
    return found == sorted((line.code, line.quantity) for line in order.lines)


def new_order(order: Order, settings: MwwSettings) -> dict[str, object]:
    """The body that creates an order, each of whose lines has a design."""
    to = order.shipping
    address = {
        "name": to.recipient, "address1": to.address1,
        "address2": ", ".join(filter(None, (to.address2, to.address3, to.address4))), "email": order.email,
        "city": to.city, "state": to.state, "country": to.country, "postal-code": to.postal_code, "phone": to.phone,
    }  # fmt: skip
    lines = [
        {"type": "line-items", "attributes": {
            "line-number": number, "quantity": line.quantity, "description": line.name, "product-code": line.code,
            "designs": [{"image-remote-url": line.metadata[settings.design_key]}],
        }} for number, line in enumerate(order.lines, start=1)
    ]  # fmt: skip
    head = {"vendor-po": order.number, "shipping-method": settings.shipping_method or order.shipping_method}
    included = [{"type": "shipping-address", "attributes": address}, *lines]
    return {"data": {"type": "orders", "attributes": head}, "included": included}
