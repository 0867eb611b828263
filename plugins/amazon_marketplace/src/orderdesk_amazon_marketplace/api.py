"""Amazon's Feeds v2021-06-30 and Orders v2026-01-01: the calls, the feed's XML, and what orders and reports say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderdesk_amazon_marketplace.settings import MarketplaceSettings
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    Flow,
    Outcome,
    ReasonCode,
    ReasonList,
    Rejection,
    Service,
    StandardReason,
    XmlReportFormat,
    element,
    get_path,
    json_object,
    minutes,
    not_processed_answer,
    require_success,
    text_at,
    texts_at,
    to_bytes,
    values_at,
)
from orderdesk_sdk.plugin.answer import acknowledged, from_status, pending, rejected, unknown

if TYPE_CHECKING:
    import httpx

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
ORDERS = "/orders/2026-01-01/orders"
XML = "text/xml; charset=UTF-8"
CANCELABLE = ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY")
QUEUED = ("IN_QUEUE", "IN_PROGRESS")
ACCESS_HINT = "check region, marketplace_ids, the role Inventory and Order Tracking, and the seller's authorization"
CODES = (  # Ten published ones, told in Seller Central's words (help 200198080) where it has any, and a newer one.
    ReasonCode("NoInventory", title="Out of stock", stands_for=[StandardReason.OUT_OF_STOCK]),
    ReasonCode("BuyerCanceled", title="The buyer asked for it", stands_for=[StandardReason.CUSTOMER_ASKED]),
    ReasonCode("ShippingAddressUndeliverable", title="Undeliverable address", stands_for=[StandardReason.ADDRESS]),
    ReasonCode(
        "GeneralAdjustment",
        title="Any other reason",
        stands_for=[
            StandardReason.FRAUD,
            StandardReason.DUPLICATE,
            StandardReason.PRICING,
            StandardReason.LATE,
            StandardReason.OTHER,
        ],
    ),
    ReasonCode("CustomerExchange", title="The buyer wants an exchange"),
    ReasonCode("CarrierCreditDecision", title="CarrierCreditDecision"),
    ReasonCode("RiskAssessmentInformationNotValid", title="RiskAssessmentInformationNotValid"),
    ReasonCode("CarrierCoverageFailure", title="CarrierCoverageFailure"),
    ReasonCode("CustomerReturn", title="CustomerReturn"),
    ReasonCode("MerchandiseNotReceived", title="MerchandiseNotReceived"),
    ReasonCode("PricingError", title="Wrong price (newer; nobody knows whether the feed takes it)"),
)
REASONS = ReasonList(CODES, codes_for=lambda its, _: (*CODES, *(ReasonCode(one, one) for one in its.extra_reasons)))
CANCEL_ORDER_CODES = {
    "NoInventory": "NO_INVENTORY",
    "BuyerCanceled": "BUYER_CANCELLED",
    "CustomerExchange": "CUSTOMER_EXCHANGE",
    "ShippingAddressUndeliverable": "SHIPPING_ADDRESS_UNDELIVERABLE",
    "PricingError": "PRICING_ERROR",
}
"""What cancelOrder calls the reasons of the feed that it knows."""
REPORT = XmlReportFormat(
    "ProcessingReport",
    ("StatusCode", "Processing"),
    problem="Result",
    error=("ResultCode", "Error"),
    order_names=("MessageID", "AdditionalInfo/AmazonOrderID"),
    messages=("ResultMessageCode", "ResultDescription"),
    placeholders="0",
    counts=tuple(f"ProcessingSummary/Messages{name}" for name in ("Processed", "Successful", "WithError")),
)
UNCHANGED_HINT = "the order stands as it was; see it in Seller Central, then cancel it there, or here once more"


def cancel_or_item_ids(request: CancelRequest, service: Service[MarketplaceSettings]) -> Flow[Answer | tuple[str, ...]]:
    """The ids of the order's items, for the feed; or its answer, where it needs none or cannot have one."""
    its, code = service.settings, CANCEL_ORDER_CODES.get(request.reason.code or "")
    if its.transport == "json" and code:
        response = yield service.put(
            ORDERS,
            request.remote_id,
            "cancellation",
            operation="cancellation",
            idempotent=True,
            json={"cancelReasonCode": code},
        )
        if (
            not response.is_client_error
        ):  # One says that nothing was done, as where there is no such call: on to the feed.
            return acknowledged(response) if response.status_code == 202 else unknown(response)
    items = tuple(str(line.metadata.get(its.item_field) or "") for line in request.order.lines)
    if items and all(item.isalnum() for item in items):
        return items
    response = yield read_order(request.remote_id, service)
    verdict = answer_from_order(
        require_success(response, access_hint=ACCESS_HINT, fallback=not_processed_answer, error_key="errors"),
        request.remote_id,
    )
    return (
        texts_at(response, "order", "orderItems", key="orderItemId") if verdict.outcome is Outcome.PENDING else verdict
    )


def submit_feed(
    cancels: Sequence[tuple[CancelRequest, Sequence[str]]], service: Service[MarketplaceSettings]
) -> Flow[Sequence[Answer]]:
    """Cancels orders by one feed, each with the ids of its items; gives the answer of each, in their order."""
    place = yield service.post(
        DOCUMENTS,
        operation="documents",
        idempotent=True,
        redact_response=True,
        json={"contentType": XML},
    )
    url = text_at(
        require_success(place, access_hint=ACCESS_HINT, fallback=not_processed_answer, error_key="errors"), "url"
    )
    stored = yield service.request_url(
        "PUT",
        url,
        operation="store",
        idempotent=True,
        content=feed_xml(service.settings.seller_id, cancels),
        content_type=XML,
    )
    require_success(stored, access_hint=ACCESS_HINT, fallback=not_processed_answer)
    feed = yield service.post(
        FEEDS,
        operation="feeds",
        idempotent=True,
        json={
            "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA",
            "marketplaceIds": list(service.settings.marketplace_ids),
            "inputFeedDocumentId": text_at(place, "feedDocumentId"),
        },
    )
    lost = not_processed_answer if feed.is_client_error else unknown
    name = text_at(require_success(feed, access_hint=ACCESS_HINT, fallback=lost), "feedId")
    return [
        acknowledged(feed, status="IN_QUEUE", request_reference=f"{name}/{number}")
        for number, _ in enumerate(cancels, 1)
    ]


def read_report(feed: str, names: set[str], service: Service[MarketplaceSettings]) -> Flow[Answer | None]:
    """What stands against an order in a feed, or that the feed is not through; None for nothing."""
    state = yield read_feed(feed, service)
    status = text_at(require_success(state, access_hint=ACCESS_HINT, error_key="errors"), "processingStatus")
    if status == "CANCELLED":
        return rejected(
            state, Rejection.NOT_ALLOWED, message="Amazon canceled the feed before it began", hint=UNCHANGED_HINT
        )
    name = get_path(json_object(state), "resultFeedDocumentId")
    if isinstance(name, str) and status not in QUEUED:
        place = yield service.get(DOCUMENTS, name, operation="document", redact_response=True, cache_for=minutes(4))
        url = text_at(require_success(place, access_hint=ACCESS_HINT, error_key="errors"), "url")
        found = yield service.request_url("GET", url, operation="store", cache_for=minutes(4))
        if told := REPORT.read(require_success(found, access_hint=ACCESS_HINT)).answer_for(
            found, names, hint=UNCHANGED_HINT
        ):
            return told
    return None if status == "DONE" else pending(state, status=status, message=f"the feed is {status}")


def read_feed(feed: str, service: Service[MarketplaceSettings]) -> httpx.Request:
    """The read of a feed: one for all its orders, within a minute."""
    return service.get(FEEDS, feed, operation="feed", cache_for=minutes(1))


def read_order(number: str, service: Service[MarketplaceSettings]) -> httpx.Request:
    """The read of an order with all that tells what became of it."""
    return service.get(ORDERS, number, operation="order", params={"includedData": "CANCELLATION,FULFILLMENT"})


def answer_from_order(response: httpx.Response, number: str) -> Answer:
    """What an order's status says of a cancel: pending while it stands there. Raises MalformedResponseError."""
    status = text_at(response, "order", "fulfillment", "fulfillmentStatus")
    if text_at(response, "order", "orderId") != number:  # Nor may its items stand in our feed.
        return unknown(response, message="Amazon's response is about another order")
    cancels = ("order", "orderItems", "*", "cancellation")
    why = {
        str(get_path(one, "cancelReason") or "no reason")
        for one in values_at(response, *cancels, "cancellationRequest")
    }
    text = f"the buyer asked Amazon to cancel it: {', '.join(sorted(why))}" if why else None
    if status in CANCELABLE and "AMAZON" in values_at(response, "order", "fulfillment", "fulfilledBy"):
        return rejected(
            response,
            Rejection.NOT_ALLOWED,
            status=status,
            message=text,
            hint="Amazon fulfills it: ask Seller Support, who promise nothing",
        )
    if status == "CANCELLED":
        who = sorted({str(by) for by in values_at(response, *cancels, "cancellationExecution", "cancelledBy")})
        text = f"canceled by {', '.join(who) or 'nobody named'}"
    return from_status(
        response,
        status,
        canceled_statuses=("CANCELLED",),
        shipped_statuses=("SHIPPED", "PARTIALLY_SHIPPED"),
        open_statuses=CANCELABLE,
        message=text,
        hint="see in Seller Central what can be adjusted or returned",
    )


def feed_xml(seller: str, cancels: Sequence[tuple[CancelRequest, Sequence[str]]]) -> bytes:
    """The feed that cancels these orders, numbered from 1, each with all its items: without any, none is canceled."""
    root = element(
        "AmazonEnvelope",
        element("Header", element("DocumentVersion", "1.01"), element("MerchantIdentifier", seller)),
        element("MessageType", "OrderAcknowledgement"),
        attributes={
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd",
        },
    )
    for number, (request, items) in enumerate(cancels, start=1):
        why = element("CancelReason", request.reason.code or "")
        acknowledgement = element(
            "OrderAcknowledgement",
            element("AmazonOrderID", request.remote_id),
            element("StatusCode", "Failure"),
            *(element("Item", element("AmazonOrderItemCode", item), why) for item in items),
        )
        root.append(element("Message", element("MessageID", str(number)), acknowledgement))
    return to_bytes(root)
