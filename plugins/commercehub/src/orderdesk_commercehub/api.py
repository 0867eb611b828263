"""Dsco's API V3: its paths, the body of a cancel, and what its responses say of an order and of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_commercehub.settings import TYPES, HubSettings
from orderdesk_sdk.plugin import (
    Answer,
    AnyOf,
    CancelRequest,
    Identity,
    LineFormat,
    PollRequest,
    ReasonCode,
    Rejection,
    RespondRequest,
    Service,
    ServiceLines,
    StandardReason,
    StatedAt,
    answer,
    auth_or_rate_limit_answer,
    error_message,
    format_errors,
    hours,
    minutes,
    object_list,
    require_success,
    text_at,
    values_at,
)

if TYPE_CHECKING:
    import httpx

ORDER = "/order/"
CANCEL = "/order/item/cancel"
LOG = "/order/log"
ENTRIES = ("logs", "*")
MESSAGE = ("code", "description")
ACCESS_HINT = "check client_id and client_secret, and that they are a supplier's"
UNKNOWN_ORDER = "Dsco does not know the order"
ELSEWHERE_HINT = "cancel it in the portal or ask the retailer"
CODES = (  # https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes; a retailer may offer others
    ReasonCode("CXSS", "Out of Stock", [StandardReason.OUT_OF_STOCK]),
    ReasonCode("CXSD", "Discontinued"),
    ReasonCode("CXSN", "Not Enough Stock"),
    ReasonCode("CXSB", "Bad/Incorrect Address", [StandardReason.ADDRESS]),
    ReasonCode("CXSI", "Invalid Ship Instructions"),
    ReasonCode("CXST", "Can't Ship On Time", [StandardReason.LATE]),
    ReasonCode("CXSC", "Cancelled at Retailer Request", [StandardReason.CUSTOMER_ASKED]),
    ReasonCode(
        "CXSO",
        "Other",
        [StandardReason.FRAUD, StandardReason.DUPLICATE, StandardReason.PRICING, StandardReason.OTHER],
    ),
)
NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")  # Of several that are sent, the first in this order counts.
LINES = LineFormat(
    items="lineItems",
    owner_key="dscoRetailerId",
    names=NAMES,
    extra_name="lineNumber",
    codes=(*NAMES[1:], NAMES[0]),
    ordered="quantity",
    shipped="shippedQuantity",
    accepted="acceptedQuantity",
    status="status",
    canceled=("cancelledQuantity", "rejectedQuantity"),
    canceled_statuses=frozenset({"canceled", "rejected"}),
)


def identities(its: HubSettings) -> dict[str, Identity]:
    """Where the responses of each operation state an order's number."""
    return {
        "order": lambda response: [str(one.get(its.order_key) or "") for one in object_list(response)],
        "log": AnyOf(
            StatedAt(*ENTRIES, "requestId", number="reference"),
            StatedAt(*ENTRIES, "payload", "id"),
        ),
    }


def read_order(request: CancelRequest | PollRequest | RespondRequest, service: Service[HubSettings]) -> httpx.Request:
    """The read of an order with all its suborders, of which Dsco gives the first alone unless it is asked for all."""
    return service.get(
        ORDER,
        operation="order",
        params={
            "orderKey": service.settings.order_key,
            "value": request.remote_id,
            "returnMultiple": "true",
        },
    )


def answer_if_missing(
    response: httpx.Response, request: CancelRequest | RespondRequest, service: Service[HubSettings]
) -> Answer | None:
    """What a read comes to that found no order to cancel; None where there is one. Raises MalformedResponseError."""
    if response.status_code != 404 and not (response.is_success and not object_list(response)):
        return None
    if away := auth_or_rate_limit_answer(response, access_hint=ACCESS_HINT, error_key="messages"):
        return away
    if service.now < request.remote_order.submitted_at + hours(1):  # Reads may lag behind.
        return answer.not_processed(response, message=UNKNOWN_ORDER, hint="see order_key", retry_after=minutes(2))
    return answer.rejected(response, Rejection.NOT_ALLOWED, message=UNKNOWN_ORDER, hint="see order_key")


def service_lines(
    response: httpx.Response, request: CancelRequest | PollRequest | RespondRequest, its: HubSettings
) -> ServiceLines:
    """The lines of all parts of the order in a successful read. Raises MalformedResponseError."""
    return LINES.read(response, object_list(response), request.order, **{its.order_key: request.remote_id})


def cancel_body(
    response: httpx.Response, there: ServiceLines, request: CancelRequest, its: HubSettings
) -> dict[str, object]:
    """The body that cancels what is left of the lines that are wanted. response: the read that told of them.

    Whether the quantities of two cancels add up is not documented.
    """
    return {
        "id": request.remote_id,
        "type": TYPES[its.order_key],
        "lineItems": [
            {
                **name,
                "cancelledQuantity": count,
                "cancelCode": request.reason.code,
                "cancelledReason": request.reason.text,
            }
            for name, count in there.quantities_to_request(response, request.lines)
        ],
    }


def answer_from_cancel(made: httpx.Response) -> Answer:
    """What the response to a cancel says of it. Raises MalformedResponseError."""
    away = auth_or_rate_limit_answer(made, access_hint=ACCESS_HINT, error_key="messages")
    if away is not None or made.status_code == 408 or made.is_server_error:
        return away or answer.unknown(made)
    word, said = text_at(made, "status"), error_message(made, "messages", MESSAGE)
    if made.status_code == 404:  # It was read a moment ago.
        return answer.not_processed(made, message=said, hint=ELSEWHERE_HINT)
    if word == "failure":  # Which a 2xx may say as well.
        return answer.rejected(made, Rejection.NOT_ALLOWED, message=said, hint=ELSEWHERE_HINT)
    if made.is_success and word in ("success", "pending"):
        return answer.acknowledged(made, request_reference=text_at(made, "requestId"))
    return answer.unknown(made)


def answer_from_log(log: httpx.Response, there: ServiceLines, request: PollRequest) -> Answer | None:
    """What the order log says of a cancel; None where its entries differ, or where it has none yet.

    Raises MalformedResponseError.
    """
    words = {
        str(word)
        for word in values_at(require_success(log, access_hint=ACCESS_HINT, error_key="messages"), *ENTRIES, "status")
    }
    if words not in ({"success"}, {"failure"}):
        return None
    return there.answer_for(
        log,
        request.lines,
        carried_out=words == {"success"},
        status=str(*words),
        message=format_errors(values_at(log, *ENTRIES, "results", "*"), MESSAGE),
        hint=ELSEWHERE_HINT,
    )
