"""Shopify's Admin API: the GraphQL documents, how they are asked, and what responses and webhooks say.

The schema of every supported version validates each document in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.plugin import (
    Answer,
    AnyOf,
    CancelRequest,
    Flow,
    NotificationKind,
    OrderNotification,
    Rejection,
    Service,
    StatedAt,
    WebhookRequest,
    answer,
    auth_or_rate_limit_answer,
    datetime_at,
    graphql_errors,
    json_object,
    json_text_at,
    objects_at,
    text_at,
    value_at,
    verify_signature,
)
from orderdesk_shopify.settings import CartSettings, ShopSettings

if TYPE_CHECKING:
    import httpx

S = TypeVar("S", bound=ShopSettings)
Reading = Callable[["httpx.Response"], Answer]

ACCESS_HINT = "check shop_url, that the shop is open, the access token and its scopes (see the README)"
WEBHOOK = "a webhook of Shopify"
WEBHOOK_EVENTS = {
    "cancelled": NotificationKind.CANCELED,
    "cancellation_request_accepted": NotificationKind.CANCELED,
    "fulfilled": NotificationKind.SHIPPED,
    "partially_fulfilled": NotificationKind.SHIPPED,
}
"""What an event of a topic says; any other says that something has changed."""
ACTIVE = ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE")
"""The statuses in which a fulfillment order can still be canceled or shipped."""

_ORDER_FIELDS = "order(id: $id) { id cancelledAt closed displayFulfillmentStatus }"
_RESULT_FIELDS = "result: node(id: $result) { ... on OrderCancelJobResult { status errors { code field message } } }"
_CHANGED_FIELDS = "{ order { id closed } userErrors { field message } }"

ORDER = f"query Order($id: ID!) {{ {_ORDER_FIELDS} }}"
PROGRESS = f"query Progress($id: ID!, $job: ID!) {{ {_ORDER_FIELDS} job(id: $job) {{ id done }} }}"
RESULT = (
    "query Result($id: ID!, $job: ID!, $result: ID!) "
    f"{{ {_ORDER_FIELDS} job(id: $job) {{ id done }} {_RESULT_FIELDS} }}"
)
CANCEL = """
mutation Cancel($id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $notify: Boolean!, $note: String,
                $refund: OrderCancelRefundMethodInput) {
  done: orderCancel(orderId: $id, reason: $reason, restock: $restock, notifyCustomer: $notify, staffNote: $note,
                    refundMethod: $refund) { job { id } userErrors: orderCancelUserErrors { code field message } }
}"""
CANCEL_TO_RESULT = CANCEL.replace("job { id }", "job { id } jobResult { id }")  # Needs version 2026-10.
ARCHIVE = f"mutation Archive($id: ID!) {{ done: orderClose(input: {{id: $id}}) {_CHANGED_FIELDS} }}"
OPEN = f"mutation Open($id: ID!) {{ done: orderOpen(input: {{id: $id}}) {_CHANGED_FIELDS} }}"
FULFILLMENT = """
query Fulfillment($id: ID!) {
  order: fulfillmentOrder(id: $id) {
    id status requestStatus supportedActions { action } fulfillments(first: 10) { nodes { status } }
    merchantRequests(last: 1, kind: CANCELLATION_REQUEST) { nodes { responseData } }
  }
}"""
WITHDRAW = "mutation Withdraw($id: ID!) { done: fulfillmentOrderCancel(id: $id) { userErrors { field message } } }"
REQUEST_CANCELLATION = """
mutation AskBack($id: ID!, $message: String) {
  done: fulfillmentOrderSubmitCancellationRequest(id: $id, message: $message) { userErrors { field message } }
}"""


def gid(kind: str, remote_id: str) -> str:
    """The name of an object at the API. remote_id: its number, or that name."""
    return f"gid://shopify/{kind}/{remote_id.rpartition('/')[2]}"


_number_of = partial(gid, "")
ORDER_ID = AnyOf(
    StatedAt("data", "order", "id", normalize=_number_of),
    StatedAt("data", "done", "order", "id", normalize=_number_of),
)
"""Where a response states which order, or fulfillment order, it is about."""


def graphql_request(
    service: Service[S],
    document: str,
    variables: Mapping[str, object],
    *,
    idempotent: bool = False,
) -> httpx.Request:
    """The call that asks a document; what is a query is declared to read only."""
    return service.post(
        f"/admin/api/{service.settings.api_version}/graphql.json",
        operation="graphql",
        idempotent=idempotent,
        read_only=document.lstrip().startswith("query"),
        json={"query": document, "variables": variables},
    )


def read(
    service: Service[S],
    document: str,
    variables: Mapping[str, object],
    reading: Reading,
    unknown: str | None = None,
) -> Flow[tuple[httpx.Response, Answer]]:
    """Ask a query, and what its response says by `reading`.

    unknown: the hint for a person where the order is not there; None: that, too, is left to `reading`.
    """
    response = yield graphql_request(service, document, variables)
    verdict = answer_without_data(response)
    if verdict is None and unknown is not None and value_at(response, "data", "order") is None:
        verdict = answer.rejected(
            response, Rejection.NOT_ALLOWED, message="Shopify does not know the order", hint=unknown
        )
    return response, verdict or reading(response)


def cancel_order(service: Service[CartSettings], request: CancelRequest) -> httpx.Request:
    """The call that starts the job that cancels an order. It is made once: whether two jobs refund twice is unknown."""
    settings = service.settings
    variables: dict[str, object] = {
        "id": gid("Order", request.remote_id),
        "reason": request.reason.code,
        "note": (request.reason.text or "")[:255],
        "restock": settings.restock,
        "notify": settings.notify_customer,
    }
    if settings.refund:
        variables["refund"] = {"originalPaymentMethodsRefund": True}
    return graphql_request(service, CANCEL_TO_RESULT if _has_job_results(settings) else CANCEL, variables)


def job_reference(response: httpx.Response, settings: CartSettings) -> str:
    """The ids of the job that cancels an order and, where Shopify names one, of its result.

    Raises MalformedResponseError.
    """
    names = ["job"]
    if _has_job_results(settings) and value_at(response, "data", "done", "jobResult") is not None:
        names.append("jobResult")
    return " ".join(text_at(response, "data", "done", name, "id") for name in names)


def _has_job_results(settings: CartSettings) -> bool:
    return settings.api_version >= "2026-10"


def job_query(reference: str | None) -> tuple[str, Mapping[str, str]]:
    """The document that reads an order with its job, and the variables for the job.

    reference: what `job_reference` gave; None: no job is known.
    """
    variables = dict(zip(("job", "result"), (reference or "").split(), strict=False))
    return (ORDER, PROGRESS, RESULT)[len(variables)], variables


def user_errors(response: httpx.Response) -> tuple[Mapping[str, object], ...]:
    """What a mutation complains of; empty where it was taken. Raises MalformedResponseError."""
    return objects_at(response, "data", "done", "userErrors")


def throttle_wait(response: httpx.Response) -> timedelta | None:
    """How long it takes until the calculated cost of a throttled call is there; HTTP says 200 or 429 then."""
    if {error.code for error in graphql_errors(response)} != {"THROTTLED"} or json_object(response).get(
        "data"
    ) is not None:
        return None
    match json_object(response).get("extensions"):
        case {
            "cost": {
                "requestedQueryCost": int() | float() as cost,
                "throttleStatus": {
                    "currentlyAvailable": int() | float() as available,
                    "restoreRate": int() | float() as rate,
                },
            }
        } if rate > 0:
            return timedelta(seconds=min(86_400.0, max(0.0, (cost - available) / rate)))
    return timedelta(seconds=1)  # As Shopify's own client waits where the response does not tell.


def answer_without_data(response: httpx.Response, *, wrote: bool = False) -> Answer | None:
    """The answer for a response that lacks what was asked for; None for one to read. wrote: it was asked to change."""
    errors = graphql_errors(response)
    if away := auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT):
        return away
    if response.is_success and "errors" not in json_object(response):
        return None
    text = "; ".join(error.message for error in errors) or f"Shopify answered {response.status_code}"
    # The mutation itself is denied before it is done; a field below it, of what it gives back, after.
    codes = {error.code if error.path == ("done",) or error.code != "ACCESS_DENIED" else None for error in errors}
    if not wrote or codes in ({"ACCESS_DENIED"}, {"MAX_COST_EXCEEDED"}) or response.status_code in (402, 404, 423):
        return answer.not_processed(response, message=text, hint=ACCESS_HINT)
    return answer.unknown(response, message=text)


def answer_from_order(response: httpx.Response) -> Answer:
    """What an order's own fields say. Raises MalformedResponseError where there is no order, or no moment."""
    status = text_at(response, "data", "order", "displayFulfillmentStatus")
    if value_at(response, "data", "order", "cancelledAt") is None:
        return answer.pending(response, status=status)
    datetime_at(response, "data", "order", "cancelledAt")
    return answer.canceled(response, status=f"canceled {text_at(response, 'data', 'order', 'cancelledAt')}")


def answer_from_fulfillment_order(response: httpx.Response, *, withdrawn_by_us: bool = False) -> Answer:
    """What the two states of a fulfillment order say together. withdrawn_by_us: Shopify said that it did so for us.

    By the schema's own words: OPEN is "ready for fulfillment" whatever became of a request, and a request that was
    rejected or closed can be made again. So only a status that ended the order cancels it. Raises
    MalformedResponseError.
    """
    state = text_at(response, "data", "order", "status")
    request_state = text_at(response, "data", "order", "requestStatus")
    status = f"{state} {request_state}"
    shipped = any(
        parcel.get("status") not in ("CANCELLED", "ERROR", "FAILURE")
        for parcel in objects_at(response, "data", "order", "fulfillments", "nodes")
    )
    match state, request_state:
        case ("CANCELLED" | "CLOSED", "CANCELLATION_ACCEPTED") | ("CANCELLED", "UNSUBMITTED" | "REJECTED" | "CLOSED"):
            return (
                answer.partially_canceled(response, (), status=status)
                if shipped
                else answer.canceled(response, status=status)
            )
        case "CLOSED", _ if shipped:
            return answer.rejected(response, Rejection.SHIPPED, status=status)
        case "CLOSED", "UNSUBMITTED" | "SUBMITTED" if withdrawn_by_us:
            return answer.canceled(response, status=status)
        case str(), "CANCELLATION_REJECTED" if state in ACTIVE:
            text = ": ".join(["the service refuses", *_messages_of_the_service(response)])
            return answer.rejected(
                response, Rejection.NOT_ALLOWED, status=status, message=text, hint="call the service"
            )
        case str(), "CANCELLATION_REQUESTED" if state in ACTIVE:
            return answer.acknowledged(response, status=status)
        case str(), "UNSUBMITTED" | "SUBMITTED" | "ACCEPTED" if state in ACTIVE:
            return answer.pending(response, status=status)
        case str(), "REJECTED" | "CLOSED" if state in ACTIVE:
            text = "the service let go of it; it can be requested again"
            return answer.pending(response, status=status, message=text)
        case _:  # Contradictions, and a closed one without a parcel: by somebody else, merged or moved.
            return answer.unknown(response, status=status, message=f"nothing follows from {status}")


def _messages_of_the_service(response: httpx.Response) -> list[str]:
    requests = objects_at(response, "data", "order", "merchantRequests", "nodes")
    data = [request.get("responseData") for request in requests]
    return [str(one.get("message") if isinstance(one, Mapping) else one) for one in data if one]


def notifications_from_webhook(
    request: WebhookRequest,
    settings: ShopSettings,
    topic: str,
    kind: str,
    *path: str,
) -> tuple[OrderNotification, ...]:
    """The object that a webhook is about, under both its names; empty for one of another topic.

    A webhook is signed with the app's client secret. What it says is polled, never believed.
    kind: of object, as `gid` takes it. path: to the object's id in the body. Raises SignatureVerificationError.
    """
    keys = (settings.webhook_secret, settings.webhook_secret_before)
    verify_signature(request, "x-shopify-hmac-sha256", keys, location=WEBHOOK)
    about, _, event = request.headers.get("x-shopify-topic", "").partition("/")
    if about != topic:
        return ()
    name = gid(kind, json_text_at(request, *path, location=WEBHOOK))
    what = WEBHOOK_EVENTS.get(event, NotificationKind.CHANGED)
    delivery = request.headers.get("x-shopify-webhook-id")
    return OrderNotification(name, what, delivery), OrderNotification(name.rpartition("/")[2], what, delivery)
