"""Orders from JSON documents and back, strictly: every fault is told with its path, none is guessed away.

Reads the order object of Order Desk's API v2 (https://apidocs.orderdesk.com/) with the freedoms that its official
sample takes: numbers as texts or numbers, empty objects as empty lists, null for what is absent. Tables beat a
converter library here: the same table reads and writes, keeps unknown keys, never coerces, and knows the path.

`schema` holds the tables, `fields` the types of single fields, `envelope` finds the orders in whatever a document
wraps them in, and `json_text` reads and writes JSON without surprises. Touch `schema` for another field; give it a
type from `fields`, where a new type goes too. The functions below are what other rooms call.

It imports `orders.order` and the ground.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from attrs import evolve

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization.checked_orders import CheckedOrders
from orderdesk_sdk.orders.serialization.envelope import ParsedOrders, find_orders
from orderdesk_sdk.orders.serialization.json_text import dump_json, parse_json
from orderdesk_sdk.orders.serialization.order_stream import OrderStream
from orderdesk_sdk.orders.serialization.schema import ORDER, ParseContext, read_record, write_record
from orderdesk_sdk.orders.serialization.stored import read_as_written

__all__ = [
    "OrderStream",
    "ParsedOrders",
    "read_order_text",
    "read_orders",
    "read_stored_order",
    "text_at_path",
    "write_order",
    "write_order_text",
]


def read_orders(document: object, *, timezone: tzinfo = UTC, location: str | None = None) -> ParsedOrders:
    """The orders in a parsed JSON document, in its order, and how many there are where a response says so.

    `document` is an order object, a list of them, or an API response with `order` or `orders`. Order Desk writes its
    times in UTC, as `2014-10-08 12:10:00` (https://github.com/sparkweb/slate, source/includes/_orders.md), and so its
    responses are read; `timezone` is that of times without an offset in the documents of other hosts. `location` names
    the document in errors.

    Raises ValidationError that tells up to 20 faults, a line and a path each (`$.orders[3].order_items[0].quantity`),
    also where two orders have one id; and for an API error response, quoting its message.
    """
    found = find_orders(document, location)
    checked = CheckedOrders(UTC if found.is_response else timezone)
    orders = [order for path, entry in found.entries() if (order := checked.read(path, entry)) is not None]
    checked.raise_errors(location)
    return ParsedOrders.of(tuple(orders), found.total)


def read_stored_order(text: str, *, location: str, folder_id: int | None = None) -> Order:
    """The order that `write_order_text` wrote. What an early version took in is read again, though rejected today.

    Args:
        folder_id: the folder that it is in now, which is stored beside it.

    Raises ValidationError for a text that is damaged.
    """
    written = read_as_written(text, folder_id)
    if written is not None:
        return written
    reading = ParseContext(UTC, strict=False)
    order = read_record(ORDER, parse_json(text, location=location), "$", reading)
    reading.raise_errors(location)
    assert isinstance(order, Order), "a record without faults is an order"
    return evolve(order, folder_id=folder_id)


def read_order_text(text: str | bytes, *, location: str, timezone: tzinfo = UTC) -> ParsedOrders:
    """The orders in a JSON text; `location` names it in errors (a file, a URL).

    Raises ValidationError as `read_orders` does, and for text that is not JSON (with line and column), NaN and
    Infinity, keys given twice, numbers too long to be read.
    """
    return read_orders(parse_json(text, location=location), timezone=timezone, location=location)


def write_order(order: Order, *, timezone: tzinfo = UTC) -> dict[str, object]:
    """The order object that polls as `order` in the same `timezone`, its unknown keys included.

    Money and weights are texts, times are `YYYY-MM-DD HH:MM:SS`, absent times and folders are None.
    """
    return write_record(ORDER, order, timezone)


def text_at_path(order: Order, path: str) -> str:
    """The text at a dotted path of the order object, `checkout_data.Retailer` for instance; "" where there is none."""
    found: object = write_order(order)
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found.strip() if isinstance(found, str) else ""


def write_order_text(order: Order, *, timezone: tzinfo = UTC) -> str:
    """The same as JSON text. Raises ValidationError where `extra` or metadata hold what JSON cannot say."""
    return dump_json(write_order(order, timezone=timezone))
