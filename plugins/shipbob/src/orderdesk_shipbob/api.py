"""ShipBob's order API: its calls, and what the words in its orders mean.

Source: https://developer.shipbob.com, the pages Cancel Order, Get Order, Status Reference, Rate Limit and Errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx

from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Refusal
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit.json_response import each_at, inside, json_object, objects_at, text_at, value_at
from orderdesk_shipbob.settings import ShipBobSettings

__all__ = ["CALLS", "call", "numbers_in", "standing", "why_not"]

CALLS = "calls"
"""The one limit that all calls share, as ShipBob counts them."""
ORDERS = {"processing", "exception", "partiallyfulfilled", "fulfilled", "canceled", "importreview"}
SHIPMENTS = {"processing", "exception", "onhold", "labeledcreated", "importreview", "completed", "canceled"}
"""The documented words whose meaning is told or plain; for a shipment `None` and `CleanSweeped` are listed too."""


def call(service: Service[ShipBobSettings], method: str, what: str) -> httpx.Request:
    """A call about an order. what: its id, which is digits, and for a verb a colon and the verb."""
    its = service.settings
    channel = {"shipbob_channel_id": its.channel_id}
    return service.request(method, f"/{its.api_version}/order/{what}", operation=CALLS, headers=channel)


def numbers_in(reply: httpx.Response) -> list[str]:
    """Every order id in a reply: an order has `id`; what became of a cancel, and each shipment, have `order_id`."""
    document = json_object(reply)
    stated = [document.get("id"), document.get("order_id"), inside(document, "order", "id")]
    return [str(number) for number in (*stated, *each_at(reply, "shipments", "*", "order_id")) if number is not None]


def why_not(rows: Iterable[Mapping[str, object]]) -> str | None:
    """ShipBob's words for the shipments that it did not stop; None where it has none."""
    left = [row.get("reason") for row in rows if row.get("is_success") is not True]
    return "; ".join(sorted({reason for reason in left if isinstance(reason, str)})) or None


def standing(reply: httpx.Response) -> Answer:
    """What an order says of itself; its lines are its shipments, for that is what ShipBob cancels.

    Pending: a shipment of it is still open. Raises MalformedReply.
    """
    status = text_at(reply, "status")
    found = objects_at(reply, "shipments") if value_at(reply, "shipments") is not None else ()
    words = [fold(text_at(reply, "status", within=one)) for one in found]
    names = [f"shipment {value_at(reply, 'id', within=one)}" for one in found]
    lines = [LineAnswer(name, 1, int(word == "canceled")) for name, word in zip(names, words, strict=True)]
    stopped, gone, whole = words.count("canceled"), words.count("completed"), len(words)
    match fold(status):
        case word if word not in ORDERS or not SHIPMENTS.issuperset(words):
            return answer.unclear(reply, status=status, text=f"not documented: {status!r} with shipments {words}")
        case "canceled" if stopped == whole:
            return answer.canceled(reply, status=status)
        case "canceled":
            return answer.unclear(reply, status=status, text="the order is canceled, and not all of its shipments")
        case _ if stopped and gone and stopped + gone == whole:
            return answer.partly_canceled(reply, lines, status=status)
        case "fulfilled" if not stopped:
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case _:
            return answer.pending(reply, status=status, lines=lines)
