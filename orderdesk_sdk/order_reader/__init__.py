"""Orders from JSON documents and back, strictly: every fault is told with its path, none is guessed away.

Reads the order object of Order Desk's API v2 (https://apidocs.orderdesk.com/) with the freedoms that its official
sample takes: numbers as texts or numbers, empty objects as empty lists, null for what is absent. Tables beat a
converter library here: the same table reads and writes, keeps unknown keys, never coerces, and knows the path.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.order import Order
from orderdesk_sdk.order_reader.json_text import dump_json, parse_json
from orderdesk_sdk.order_reader.shapes import ORDER, Reading, read_record, write_record
from orderdesk_sdk.order_reader.values import SHOWN, WrongValue

__all__ = ["read_order_text", "read_orders", "text_in", "write_order", "write_order_text"]

_KNOWN = "give an order object, a list of orders, or an Order Desk API reply"


def read_orders(document: object, *, timezone: tzinfo = UTC, place: str | None = None) -> tuple[Order, ...]:
    """The orders in a parsed JSON document, in its order.

    `document` is an order object, a list of them, or an API reply with `order` or `orders`. Times without an offset are
    read in `timezone` (the zone of Order Desk's times is UNKNOWN). `place` names the document in errors.

    Raises InputError that tells up to 20 faults, a line and a path each (`$.orders[3].order_items[0].quantity`), and
    for an API error reply, quoting its message.
    """
    reading = Reading(timezone)
    at, found = _entries(document, place)
    read = [read_record(ORDER, entry, path, reading) for path, entry in zip(at, found, strict=True)]
    if reading.faults:
        told = reading.faults[:SHOWN]
        if len(reading.faults) > SHOWN:
            told.append(f"and {len(reading.faults) - SHOWN} more")
        raise InputError("\n".join(told), place=place, remedy="correct the document at the paths shown")
    return tuple(order for order in read if isinstance(order, Order))


def _entries(document: object, place: str | None) -> tuple[list[str], list[object]]:
    """The paths and values of what should be orders."""
    path = "$"
    if isinstance(document, dict) and "id" not in document:
        status = document.get("status")
        if isinstance(status, str) and status.lower() == "error":
            raise InputError(_said(document), place=place, remedy="this is an API error reply, no order: ask again")
        if "orders" in document:
            path, document = "$.orders", document["orders"]
            if not isinstance(document, list):
                raise InputError(f"{path}: {WrongValue('a list', document)}", place=place, remedy=_KNOWN)
        elif "order" in document:
            path, document = "$.order", document["order"]
    if isinstance(document, list):
        return [f"{path}[{index}]" for index in range(len(document))], document
    if not isinstance(document, dict):
        raise InputError(f"{path}: {WrongValue('an order', document)}", place=place, remedy=_KNOWN)
    return [path], [document]


def _said(reply: dict[object, object]) -> str:
    """What an error reply says; the official shape is `message` and perhaps `errors`."""
    said = [part for part in (reply.get("message"), reply.get("errors")) if part]
    text = "; ".join(part if isinstance(part, str) else repr(part) for part in said) or "no message"
    return f"Order Desk answered with an error: {text[:500]}"


def read_order_text(text: str | bytes, *, place: str, timezone: tzinfo = UTC) -> tuple[Order, ...]:
    """The orders in a JSON text; `place` names it in errors (a file, a URL).

    Raises InputError as `read_orders` does, and for text that is not JSON (with line and column), NaN and Infinity,
    keys given twice, numbers too long to be read.
    """
    return read_orders(parse_json(text, place=place), timezone=timezone, place=place)


def write_order(order: Order, *, timezone: tzinfo = UTC) -> dict[str, object]:
    """The order object that reads back as `order` in the same `timezone`, its unknown keys included.

    Money and weights are texts, times are `YYYY-MM-DD HH:MM:SS`, absent times and folders are None.
    """
    return write_record(ORDER, order, timezone)


def text_in(order: Order, path: str) -> str:
    """The text at a dotted path of the order object, `checkout_data.Retailer` for instance; "" where there is none."""
    found: object = write_order(order)
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found.strip() if isinstance(found, str) else ""


def write_order_text(order: Order, *, timezone: tzinfo = UTC) -> str:
    """The same as JSON text. Raises InputError where `extra` or metadata hold what JSON cannot say."""
    return dump_json(write_order(order, timezone=timezone))
