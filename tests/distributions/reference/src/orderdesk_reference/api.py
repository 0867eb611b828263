"""The API of both services: its calls, and what replies and messages say of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx

from orderdesk_reference.settings import CartSettings, MakerSettings
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    Hint,
    HintKind,
    Message,
    Order,
    Refusal,
    Service,
    StatedAt,
    answer,
    complaint,
    demand_signature,
    fold,
    message_text_at,
    objects_at,
    text_at,
    turned_away,
)

S = TypeVar("S", bound=CartSettings)

ORDERS = "/orders"
NUMBER = StatedAt("order", "number")  # Of every reply that shows an order; the core compares it with the order's.
ACCESS = "check api_key of this connection"
WEBHOOK = "a message of the maker"
KINDS = {
    "canceled": HintKind.CANCELED,
    "shipped": HintKind.SHIPPED,
    "packing": HintKind.CHANGED,
}


def cancel_order(service: Service[MakerSettings], request: CancelRequest) -> httpx.Request:
    """The call that asks the maker to cancel an order."""
    # Not repeatable: nobody says that the service takes a second one for the first. After a lost reply it is read back.
    return service.post(
        ORDERS,
        request.remote_id,
        "cancel",
        operation="cancel",
        json={"reason": request.reason.code},
    )


def cancel_orders(service: Service[CartSettings], requests: Sequence[CancelRequest]) -> httpx.Request:
    """The call that asks the cart to cancel many orders."""
    orders = [{"number": request.remote_id, "reason": request.reason.text} for request in requests]
    return service.post("/cancellations", operation="cancel", json={"orders": orders})


def read_order(service: Service[S], number: str) -> httpx.Request:
    """The call that reads an order."""
    return service.get(ORDERS, number, operation="read")


def create_order(service: Service[MakerSettings], order: Order) -> httpx.Request:
    """The call that creates an order at the maker."""
    return service.post(
        ORDERS,
        operation="create",
        json={
            "number": order.number,
            "reference": order.id,
            "lines": [{"code": line.code, "quantity": line.quantity} for line in order.lines],
            "recipient": order.shipping.recipient,
        },
    )


def label_order(service: Service[CartSettings], number: str, label: str) -> httpx.Request:
    """The call that labels an order at the cart."""
    return service.put(ORDERS, number, "label", operation="label", json={"label": label})


def answer_without_order(reply: httpx.Response) -> Answer:
    """What a reply comes to that tells of no order: nothing was done where the service turns us away, else unclear."""
    return turned_away(reply, check=ACCESS) or answer.unclear(reply)


def answer_from_cancel(reply: httpx.Response, number: str) -> Answer:
    """What the maker's reply to a cancel says."""
    if reply.status_code == 202:  # It took note: not canceled yet.
        return answer.asked(reply)
    if reply.status_code == 409:
        return answer.refused(reply, Refusal.TOO_LATE, text=complaint(reply))
    if away := turned_away(reply, check=ACCESS, own="error"):  # A 404 without its "error" is of a wrong base URL.
        return away
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=f"there is no order {number}")
    return answer.unclear(reply)


def answers_from_cancels(reply: httpx.Response, numbers: Sequence[str]) -> list[Answer]:
    """What the cart's reply to a cancel of many orders says of each. Raises MalformedReply."""
    # By number, not by place: nobody says that they are answered in the order in which they were asked.
    results = {text_at(reply, "number", within=result): result for result in objects_at(reply, "results")}
    return [_answer_from_result(reply, number, results.get(number)) for number in numbers]


def _answer_from_result(reply: httpx.Response, number: str, result: Mapping[str, object] | None) -> Answer:
    if result is None:
        return answer.unclear(reply, text=f"nothing is said of {number}")
    match result.get("taken"):
        case True:
            return answer.asked(reply)
        case False:
            return answer.refused(reply, Refusal.TOO_LATE)
        case _:
            return answer.unclear(reply, text=f"it does not tell whether {number} was taken")


def answer_from_order(reply: httpx.Response) -> Answer:
    """What an order that was read says of its cancellation. Raises MalformedReply."""
    status = text_at(reply, "order", "status")  # Where there is none it raises, and the core reads again later.
    match fold(status):
        case "canceled":
            return answer.canceled(reply, status=status)
        case "shipped":
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "received" | "packing":  # A cancel that was taken may still come through.
            return answer.pending(reply, status=status)
        case _:
            return answer.unclear(reply, status=status, text=f"not a documented status: {status!r}")


def has_label(reply: httpx.Response, label: str) -> bool:
    """Whether an order in a reply has this label. Raises MalformedReply."""
    return fold(text_at(reply, "order", "label")) == fold(label)


def hints_from_message(message: Message, settings: MakerSettings) -> tuple[Hint, ...]:
    """The order that a message of the maker is about. Raises UntrustedMessage and MalformedReply."""
    # First: whoever cannot sign is not read at all. With an empty secret nobody can.
    demand_signature(message, "x-signature", [settings.webhook_secret], place=WEBHOOK)
    kind = KINDS.get(fold(message_text_at(message, "status", place=WEBHOOK)))
    if kind is None:
        return ()  # A word that we do not know is no mistake of the sender's.
    return (Hint(message_text_at(message, "number", place=WEBHOOK), kind, message.headers.get("x-delivery")),)
