"""The API of both services: its calls, and what responses and messages say of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx

from orderdesk_reference.settings import CartSettings, MakerSettings, ServiceSettings
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    CancelRequestList,
    Eligibility,
    NotificationKind,
    Order,
    OrderNotification,
    Outcome,
    RegisteredWebhook,
    Rejection,
    RequestedCancellation,
    RespondRequest,
    Service,
    StatedAt,
    WebhookList,
    WebhookRequest,
    answer,
    auth_or_rate_limit_answer,
    error_message,
    json_text_at,
    normalize_status,
    objects_at,
    require_success,
    text_at,
    verify_signature,
)

S = TypeVar("S", bound=ServiceSettings)

ORDERS = "/orders"
WEBHOOKS = "/webhooks"
NUMBER = StatedAt("order", "number")  # Of every response that shows an order; the core compares it with the order's.
REQUEST = StatedAt("request", "id", number="reference")  # Of every response that shows a buyer's request to cancel.
ACCESS_HINT = "check api_key of this connection"
WEBHOOK_LOCATION = "a message of the maker"
KINDS = {
    "canceled": NotificationKind.CANCELED,
    "shipped": NotificationKind.SHIPPED,
    "packing": NotificationKind.CHANGED,
}


def cancel_order(service: Service[MakerSettings], request: CancelRequest) -> httpx.Request:
    """The call that asks the maker to cancel an order."""
    # Not repeatable: nobody says that the service takes a second one for the first. After a lost response it is polled.
    return service.post(
        ORDERS,
        request.remote_id,
        "cancel",
        operation="cancel",
        json={"reason": request.reason.code},
    )


def requests_in(response: httpx.Response, remote_id: str | None) -> CancelRequestList:
    """The buyers' requests that a list shows as open; remote_id: of this order alone. Raises MalformedResponseError."""
    return CancelRequestList(
        tuple(
            RequestedCancellation(str(one["number"]), str(one["id"]), reason=str(one["why"]))
            for one in objects_at(response, "requests")
            if remote_id in (None, one["number"])
        )
    )


def answer_request(service: Service[CartSettings], request: RespondRequest) -> httpx.Request:
    """The call that answers a buyer's request."""
    told = {"answer": request.answer.value, "code": request.code, "why": request.text}
    return service.post("/requests", request.request_id, operation="request", json=told)


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


def answer_without_order(response: httpx.Response) -> Answer:
    """What a response comes to that tells of no order.

    Nothing was done where the service turns us away, else unclear.
    """
    return auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT) or answer.unknown(response)


def eligibility_in(response: httpx.Response) -> Eligibility:
    """Whether the maker would cancel an order that it shows. Raises MalformedResponseError."""
    status = text_at(response, "order", "status")
    match normalize_status(status):
        case "received":
            return Eligibility(True)
        case "packing" | "shipped" | "canceled":
            return Eligibility(False, rejection=Rejection.TOO_LATE, message=f"the order is {status}")
        case _:
            return Eligibility(None, message=f"not a documented status: {status!r}")


def answer_from_cancel(response: httpx.Response, number: str) -> Answer:
    """What the maker's response to a cancel says."""
    if response.status_code == 202:  # It acknowledged it: not canceled yet.
        return answer.acknowledged(response)
    if away := auth_or_rate_limit_answer(
        response, access_hint=ACCESS_HINT, error_key="error"
    ):  # A 404 without its "error" is of a wrong base URL.
        return away
    if response.status_code == 404:
        return answer.rejected(response, Rejection.NOT_ALLOWED, message=f"there is no order {number}")
    return answer.unknown(response)


def answer_from_refusal(response: httpx.Response, there: httpx.Response) -> Answer:
    """What a refused cancel comes to. there: the read that followed it. Raises MalformedResponseError."""
    found = answer_from_order(there) if there.is_success else answer_without_order(there)
    if found.outcome in (Outcome.CANCELED, Outcome.REJECTED):
        return found
    return answer.rejected(response, Rejection.TOO_LATE, message=error_message(response))


def answers_from_cancels(response: httpx.Response, numbers: Sequence[str]) -> list[Answer]:
    """What the cart's response to a cancel of many orders says of each. Raises MalformedResponseError."""
    # By number, not by place: nobody says that they are answered in the order in which they were asked.
    results = {text_at(response, "number", within=result): result for result in objects_at(response, "results")}
    return [_answer_from_result(response, number, results.get(number)) for number in numbers]


def _answer_from_result(response: httpx.Response, number: str, result: Mapping[str, object] | None) -> Answer:
    if result is None:
        return answer.unknown(response, message=f"nothing is said of {number}")
    match result.get("taken"):
        case True:
            return answer.acknowledged(response)
        case False:
            return answer.rejected(response, Rejection.TOO_LATE)
        case _:
            return answer.unknown(response, message=f"it does not tell whether {number} was taken")


def answer_from_order(response: httpx.Response) -> Answer:
    """What an order that was read says of its cancellation. Raises MalformedResponseError."""
    status = text_at(response, "order", "status")  # Where there is none it raises, and the core reads again later.
    match normalize_status(status):
        case "canceled":
            return answer.canceled(response, status=status)
        case "shipped":
            return answer.rejected(response, Rejection.SHIPPED, status=status)
        case "received" | "packing":  # A cancel that was taken may still come through.
            return answer.pending(response, status=status)
        case _:
            return answer.unknown(response, status=status, message=f"not a documented status: {status!r}")


def has_label(response: httpx.Response, label: str) -> bool:
    """Whether an order in a response has this label. Raises MalformedResponseError."""
    return normalize_status(text_at(response, "order", "label")) == normalize_status(label)


def notifications_from_webhook(request: WebhookRequest, settings: MakerSettings) -> tuple[OrderNotification, ...]:
    """The order that a message of the maker is about. Raises SignatureVerificationError and MalformedResponseError."""
    # First: whoever cannot sign is not read at all. With an empty secret nobody can.
    verify_signature(request, "x-signature", [settings.webhook_secret], location=WEBHOOK_LOCATION)
    kind = KINDS.get(normalize_status(json_text_at(request, "status", location=WEBHOOK_LOCATION)))
    if kind is None:
        return ()  # A word that we do not know is no mistake of the sender's.
    return (
        OrderNotification(
            json_text_at(request, "number", location=WEBHOOK_LOCATION), kind, request.headers.get("x-delivery")
        ),
    )


def webhook_list(response: httpx.Response) -> WebhookList:
    """The webhooks in a response. Raises MalformedResponseError."""
    found = objects_at(require_success(response, access_hint=ACCESS_HINT), "webhooks")
    return WebhookList(
        tuple(
            RegisteredWebhook(text_at(response, "id", within=one), text_at(response, "address", within=one))
            for one in found
        )
    )
