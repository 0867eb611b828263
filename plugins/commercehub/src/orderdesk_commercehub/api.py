"""Dsco's API V3: its paths, the body of a cancel, and what its responses say of an order and of its lines."""

from __future__ import annotations

import httpx

from orderdesk_commercehub.settings import TYPES, HubSettings
from orderdesk_sdk.plugin import (
    Answer,
    AnyOf,
    CancelRequest,
    CanonicalReason,
    CheckRequest,
    Identity,
    LineShape,
    LinesThere,
    ReasonCode,
    Refusal,
    Service,
    StatedAt,
    answer,
    complaint,
    each_at,
    hours,
    minutes,
    need,
    one_or_many,
    text_at,
    turned_away,
    words_of,
)

ORDER = "/order/"
CANCEL = "/order/item/cancel"
LOG = "/order/log"
ENTRIES = ("logs", "*")
MESSAGE = ("code", "description")
ACCESS = "check client_id and client_secret, and that they are a supplier's"
UNKNOWN = "Dsco does not know the order"
ELSEWHERE = "cancel it in the portal or ask the retailer"
CODES = (  # https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes; a retailer may offer others
    ReasonCode("CXSS", "Out of Stock", [CanonicalReason.OUT_OF_STOCK]),
    ReasonCode("CXSD", "Discontinued"),
    ReasonCode("CXSN", "Not Enough Stock"),
    ReasonCode("CXSB", "Bad/Incorrect Address", [CanonicalReason.ADDRESS]),
    ReasonCode("CXSI", "Invalid Ship Instructions"),
    ReasonCode("CXST", "Can't Ship On Time", [CanonicalReason.LATE]),
    ReasonCode("CXSC", "Cancelled at Retailer Request", [CanonicalReason.CUSTOMER_ASKED]),
    ReasonCode(
        "CXSO",
        "Other",
        [CanonicalReason.FRAUD, CanonicalReason.DUPLICATE, CanonicalReason.PRICING, CanonicalReason.OTHER],
    ),
)
NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")  # Of several that are sent, the first in this order counts.
LINES = LineShape(
    items="lineItems",
    owner="dscoRetailerId",
    names=NAMES,
    beside="lineNumber",
    codes=(*NAMES[1:], NAMES[0]),
    ordered="quantity",
    shipped="shippedQuantity",
    accepted="acceptedQuantity",
    status="status",
    canceled=("cancelledQuantity", "rejectedQuantity"),
    canceled_in=frozenset({"canceled", "rejected"}),
)


def identities(its: HubSettings) -> dict[str, Identity]:
    """Where the responses of each operation state an order's number."""
    return {
        "order": lambda reply: [str(one.get(its.order_key) or "") for one in one_or_many(reply)],
        "log": AnyOf(
            StatedAt(*ENTRIES, "requestId", number="reference"),
            StatedAt(*ENTRIES, "payload", "id"),
        ),
    }


def read_order(request: CancelRequest | CheckRequest, service: Service[HubSettings]) -> httpx.Request:
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


def not_there(reply: httpx.Response, request: CancelRequest, service: Service[HubSettings]) -> Answer | None:
    """What a read comes to that found no order to cancel; None where there is one. Raises MalformedReply."""
    if reply.status_code != 404 and not (reply.is_success and not one_or_many(reply)):
        return None
    if away := turned_away(reply, check=ACCESS, own="messages"):
        return away
    if service.now < request.placement.submitted_at + hours(1):  # Reads may lag behind.
        return answer.not_done(reply, text=UNKNOWN, remedy="see order_key", retry_after=minutes(2))
    return answer.refused(reply, Refusal.NOT_ALLOWED, text=UNKNOWN, remedy="see order_key")


def lines_there(reply: httpx.Response, request: CancelRequest | CheckRequest, its: HubSettings) -> LinesThere:
    """The lines of all parts of the order in a successful read. Raises MalformedReply."""
    return LINES.read(reply, one_or_many(reply), request.order, **{its.order_key: request.remote_id})


def cancel_body(
    reply: httpx.Response, there: LinesThere, request: CancelRequest, its: HubSettings
) -> dict[str, object]:
    """The body that cancels what is left of the lines that are wanted. reply: the read that told of them.

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
            for name, count in there.to_ask(reply, request.lines)
        ],
    }


def cancel_answer(made: httpx.Response) -> Answer:
    """What the response to a cancel says of it. Raises MalformedReply."""
    away = turned_away(made, check=ACCESS, own="messages")
    if away is not None or made.status_code == 408 or made.is_server_error:
        return away or answer.unclear(made)
    word, said = text_at(made, "status"), complaint(made, "messages", MESSAGE)
    if made.status_code == 404:  # It was read a moment ago.
        return answer.not_done(made, text=said, remedy=ELSEWHERE)
    if word == "failure":  # Which a 2xx may say as well.
        return answer.refused(made, Refusal.NOT_ALLOWED, text=said, remedy=ELSEWHERE)
    if made.is_success and word in ("success", "pending"):
        return answer.asked(made, reference=text_at(made, "requestId"))
    return answer.unclear(made)


def log_answer(log: httpx.Response, there: LinesThere, request: CheckRequest) -> Answer | None:
    """What the order log says of a cancel; None where its entries differ, or where it has none yet.

    Raises MalformedReply.
    """
    words = {str(word) for word in each_at(need(log, check=ACCESS, own="messages"), *ENTRIES, "status")}
    if words not in ({"success"}, {"failure"}):
        return None
    return there.judge(
        log,
        request.lines,
        done=words == {"success"},
        status=str(*words),
        text=words_of(each_at(log, *ENTRIES, "results", "*"), MESSAGE),
        remedy=ELSEWHERE,
    )
