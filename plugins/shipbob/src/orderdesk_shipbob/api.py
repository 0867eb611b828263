"""ShipBob's order API: its calls, and what the words in its responses mean.

Source: https://developer.shipbob.com, the pages Cancel Order, Get Order, Status Reference, Rate Limit and Errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderdesk_sdk.plugin import (
    Answer,
    LineAnswer,
    Rejection,
    Service,
    answer,
    auth_or_rate_limit_answer,
    get_path,
    json_object,
    normalize_status,
    objects_at,
    text_at,
    value_at,
    values_at,
)
from orderdesk_shipbob.settings import ShipBobSettings

if TYPE_CHECKING:
    import httpx

__all__ = [
    "ACCESS_HINT",
    "CALLS_OPERATION",
    "CancelResult",
    "answer_from_order",
    "answer_without_order",
    "cancel_order",
    "cancel_result",
    "order_ids",
    "read_order",
]

CALLS_OPERATION = "calls"
"""The one limit that all calls share, as ShipBob counts them."""
ACCESS_HINT = "check token, its scopes orders_read and orders_write, and channel_id of this connection"
ORDERS = {"processing", "exception", "partiallyfulfilled", "fulfilled", "canceled", "importreview"}
"""The documented statuses of an order."""
SHIPMENTS = {"processing", "exception", "onhold", "labeledcreated", "importreview", "completed", "canceled"}
"""The documented statuses of a shipment whose meaning is told or plain; `None` and `CleanSweeped` are listed too."""


@frozen
class CancelResult:
    """What a response to a cancel that is a success says."""

    status: str
    """ShipBob's word for the whole of it, folded."""
    stopped: tuple[bool, ...]
    """For each shipment whether ShipBob says that it stopped it."""
    reasons: str | None
    """Why the others were not stopped; None where ShipBob gives no reason."""


def cancel_order(service: Service[ShipBobSettings], order_id: str) -> httpx.Request:
    """The call that cancels what is not picked yet of an order."""
    return _call(service, "POST", f"{order_id}:cancel")


def read_order(service: Service[ShipBobSettings], order_id: str) -> httpx.Request:
    """The call that reads an order with its shipments."""
    return _call(service, "GET", order_id)


def _call(service: Service[ShipBobSettings], method: str, name: str) -> httpx.Request:
    """A call about an order. name: its id, which is digits, and for a verb a colon and the verb."""
    settings = service.settings
    return service.request(
        method,
        f"/{settings.api_version}/order/{name}",
        operation=CALLS_OPERATION,
        headers={"shipbob_channel_id": settings.channel_id},
    )


def order_ids(response: httpx.Response) -> list[str]:
    """Every order id in a response: an order has `id`; what became of a cancel, and each shipment, have `order_id`."""
    document = json_object(response)
    ids = [
        document.get("id"),
        document.get("order_id"),
        get_path(document, "order", "id"),
        *values_at(response, "shipments", "*", "order_id"),
    ]
    return [str(one) for one in ids if one is not None]


def cancel_result(response: httpx.Response) -> CancelResult:
    """What a response to a cancel that is a success says. Raises MalformedResponseError."""
    rows = objects_at(response, "canceled_shipment_results")
    reasons = {row.get("reason") for row in rows if row.get("is_success") is not True}
    return CancelResult(
        normalize_status(text_at(response, "status")),
        tuple(row.get("is_success") is True for row in rows),
        "; ".join(sorted(reason for reason in reasons if isinstance(reason, str))) or None,
    )


def answer_without_order(response: httpx.Response) -> Answer:
    """What a response comes to that tells of no order: nothing was done where ShipBob turns us away, else unclear."""
    return auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT) or answer.unknown(response)


def answer_from_order(response: httpx.Response) -> Answer:
    """What an order says of its cancellation; its lines are its shipments, for that is what ShipBob cancels.

    Pending: a shipment of it is still open. Raises MalformedResponseError.
    """
    status = text_at(response, "status")
    shipments = objects_at(response, "shipments") if value_at(response, "shipments") is not None else ()
    words = [normalize_status(text_at(response, "status", within=shipment)) for shipment in shipments]
    lines = [
        LineAnswer(f"shipment {value_at(response, 'id', within=shipment)}", 1, int(word == "canceled"))
        for shipment, word in zip(shipments, words, strict=True)
    ]
    stopped, completed, whole = words.count("canceled"), words.count("completed"), len(words)
    match normalize_status(status):
        case word if word not in ORDERS or not SHIPMENTS.issuperset(words):
            return answer.unknown(response, status=status, message=f"not documented: {status!r} with shipments {words}")
        case "canceled" if stopped == whole:
            return answer.canceled(response, status=status)
        case "canceled":
            return answer.unknown(
                response, status=status, message="the order is canceled, and not all of its shipments"
            )
        case _ if stopped and completed and stopped + completed == whole:
            return answer.partially_canceled(response, lines, status=status)
        case "fulfilled" if not stopped:
            return answer.rejected(response, Rejection.SHIPPED, status=status)
        case _:
            return answer.pending(response, status=status, lines=lines)
