"""An order as Order Desk answers it: as our `Order`, and whole, as it must be sent back where a part is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_orders
from orderdesk_sdk.orders.serialization.json_text import dump_json
from orderdesk_sdk.stores.orderdesk_api.api import ApiReply

__all__ = ["HISTORY", "OrderDocument", "json_values", "order_in", "private_texts", "read_record", "records_in"]

HISTORY = "order_history"
_WITH_PEOPLE = ("shipping", "customer", "return_address", "email", "ip_address", "customer_id", "checkout_data")
_SHORTEST = 3
"""Characters of the shortest text of a person that is hidden; hiding shorter ones would hide everything."""


@frozen
class OrderDocument:
    """An order that was read. `record` is all that Order Desk said of it, unchanged."""

    order: Order
    record: Mapping[str, object] = field(hash=False, repr=False)

    @property
    def metadata(self) -> dict[str, object]:
        """What programs have noted with the order; an empty one comes as a list."""
        found = self.record.get("order_metadata")
        return dict(found) if isinstance(found, Mapping) else {}


def order_in(reply: ApiReply, order_id: str) -> OrderDocument:
    """The order that a response is about. Raises MalformedResponseError where it holds none, or another."""
    found = read_record(reply, reply.document.get("order"))
    if found.order.id != order_id:
        raise reply.malformed(f"the response is about another order than {order_id}")
    return found


def records_in(reply: ApiReply) -> tuple[Mapping[str, object], ...]:
    """The orders of one page of a list, as they came; each has an id. Raises MalformedResponseError."""
    listed = reply.document.get("orders", [])
    if not isinstance(listed, list):
        raise reply.malformed("orders is not a list")
    if not all(isinstance(record, Mapping) and str(record.get("id") or "").isdecimal() for record in listed):
        raise reply.malformed("an order has no id")
    return tuple(listed)


def read_record(reply: ApiReply, record: object) -> OrderDocument:
    """An order out of a response. Raises MalformedResponseError, which quotes nothing of the order."""
    if not isinstance(record, dict):
        raise reply.malformed("the response holds no order")
    try:
        (order,) = read_orders([record])
    except ValidationError as error:
        path = error.message.partition(":")[0] if error.message.startswith("$") else "$"
        raise reply.malformed(f"the order cannot be read, first at {path}") from None
    return OrderDocument(order, record)


def json_values(document: object) -> object:
    """The same document with plain numbers, as the writer of requests takes it."""
    values: object = json.loads(dump_json(document))
    return values


def private_texts(record: Mapping[str, object]) -> frozenset[str]:
    """The texts of people in an order, which no error may repeat."""
    found = (text for key in _WITH_PEOPLE for text in _texts(record.get(key)))
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
