"""What of a document are orders: the document itself, a list, or what an API response holds. What is none is told.

An error response may have an id, and a shipment, an order item or a product looks like an order that says little: none
of them is read as one. The responses are those of https://github.com/sparkweb/slate, source/includes.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from typing import Self

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization.fields import COUNT, InvalidValue

__all__ = ["OrdersInDocument", "ParsedOrders", "find_orders", "missing_note", "not_an_order_reason"]

_EXPECTED = "give an order object, a list of orders, or an Order Desk API reply"
_KEYS_OF_OTHER_RECORDS: Mapping[str, str] = {
    "order_id": "a part of an order, such as a shipment",
    "tracking_number": "a shipment",
    "variation_list": "an order item",
    "quantity": "an order item",
    "stock": "an inventory item",
    "execution_time": "an API response that holds no order",
}
"""Keys that no order has, and what has them."""


class ParsedOrders(tuple[Order, ...]):  # noqa: SLOT001 - a tuple takes no slots, and this keeps the total
    """The orders of a document.

    Args:
        total: how many the response says there are, of which it is one page; None: no word.
    """

    total: int | None

    @classmethod
    def of(cls, orders: tuple[Order, ...], total: int | None) -> Self:
        """These orders, of so many."""
        made = cls(orders)
        made.total = total
        return made

    @property
    def missing_note(self) -> str | None:
        """What is not in the document, in words; None where nothing is known to be missing."""
        return missing_note(len(self), self.total)


def missing_note(count: int, total: int | None) -> str | None:
    """What is not in a document with so many orders of so many, in words; None where nothing is known to be missing."""
    if total is None or total <= count:
        return None
    return f"{count} of {total} orders: this is one page of them; get the others with `offset`"


@frozen
class OrdersInDocument:
    """Where a document holds its orders.

    Args:
        path: of what should be orders: `$`, or a part of it.
        value: what stands there: a list of them, or one.
        is_response: Order Desk answered with them.
        total: how many it has.
    """

    path: str
    value: object
    is_response: bool = False
    total: int | None = None

    def entries(self) -> Iterator[tuple[str, object]]:
        """What should be orders, each with its path."""
        if not isinstance(self.value, list):
            yield self.path, self.value
            return
        for index, entry in enumerate(self.value):
            yield f"{self.path}[{index}]", entry


def find_orders(document: object, location: str | None) -> OrdersInDocument:
    """What of a document should be orders. Raises ValidationError where none is there, and for an error response."""
    if isinstance(document, list):
        return OrdersInDocument("$", document)
    if not isinstance(document, dict):
        raise ValidationError(f"$: {InvalidValue('an order', document)}", location=location, hint=_EXPECTED)
    if said := _error_message(document):
        raise ValidationError(said, location=location, hint="this is an API error response, no order: ask again")
    held = [key for key, kinds in (("orders", (list,)), ("order", (dict, list))) if _holds(document, key, kinds)]
    if len(held) == 2:
        raise ValidationError("$: it has both `order` and `orders`", location=location, hint=_EXPECTED)
    if not held:
        return OrdersInDocument("$", document)
    (key,) = held
    inside = document[key]
    if key == "orders" and not isinstance(inside, list):
        raise ValidationError(f"$.orders: {InvalidValue('a list', inside)}", location=location, hint=_EXPECTED)
    if key == "order" and not (isinstance(inside, dict) or (isinstance(inside, list) and inside)):
        raise ValidationError(f"$.order: {InvalidValue('an order', inside)}", location=location, hint=_EXPECTED)
    total = _total(document, location) if key == "orders" else None
    return OrdersInDocument(f"$.{key}", inside, "status" in document, total)


def _holds(document: dict[object, object], key: str, kinds: tuple[type, ...]) -> bool:
    """Whether a document is a response that holds orders at a key, and no order of its own."""
    if key not in document or isinstance(document.get("order_items"), list):
        return False
    return "id" not in document or isinstance(document[key], kinds)


def _total(response: dict[object, object], location: str | None) -> int | None:
    given = response.get("total_records")
    if given is None:
        return None
    try:
        total = COUNT.read(given)
    except InvalidValue as wrong:
        raise ValidationError(f"$.total_records: {wrong}", location=location, hint="get the response again") from None
    return total if isinstance(total, int) else None


def _error_message(entry: dict[object, object]) -> str | None:
    """What an error response says; the official shape is `message` and perhaps `errors`. None where it is none."""
    status = entry.get("status")
    if not isinstance(status, str) or status.strip().lower() != "error":
        return None
    said = [part for part in (entry.get("message"), entry.get("errors")) if part]
    text = "; ".join(part if isinstance(part, str) else reprlib.repr(part) for part in said) or "no message"
    about = f", about id {entry['id']}" if isinstance(entry.get("id"), str | int) else ""
    return f"Order Desk answered with an error{about}: {text[:500]}"


def not_an_order_reason(entry: object) -> str | None:
    """Why an object is no order, in words; None where it may be one."""
    if not isinstance(entry, dict) or isinstance(entry.get("order_items"), list):
        return None
    found = next((what for key, what in _KEYS_OF_OTHER_RECORDS.items() if key in entry), None)
    return _error_message(entry) or (f"this is not an order but {found}" if found else None)
