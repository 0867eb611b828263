"""Amazon's Feeds v2021-06-30 and Orders v2026-01-01: the calls, the feed's XML, and what orders and reports say."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from orderdesk_amazon_marketplace.settings import MarketplaceSettings
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    CanonicalReason,
    ClosedList,
    Flow,
    Outcome,
    ReasonCode,
    Refusal,
    Service,
    XmlReport,
    document,
    each_at,
    element,
    inside,
    json_object,
    minutes,
    need,
    nothing_done,
    text_at,
    texts_at,
)
from orderdesk_sdk.plugin.answer import asked, by_status, pending, refused, unclear

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
ORDERS = "/orders/2026-01-01/orders"
XML = "text/xml; charset=UTF-8"
OPEN = ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY")
QUEUED = ("IN_QUEUE", "IN_PROGRESS")
ACCESS = "check region, marketplace_ids, the role Inventory and Order Tracking, and the seller's authorization"
CODES = (  # Ten published ones, told in Seller Central's words (help 200198080) where it has any, and a newer one.
    ReasonCode("NoInventory", "Out of stock", [CanonicalReason.OUT_OF_STOCK]),
    ReasonCode("BuyerCanceled", "The buyer asked for it", [CanonicalReason.CUSTOMER_ASKED]),
    ReasonCode("ShippingAddressUndeliverable", "Undeliverable address", [CanonicalReason.ADDRESS]),
    ReasonCode(
        "GeneralAdjustment",
        "Any other reason",
        [
            CanonicalReason.FRAUD,
            CanonicalReason.DUPLICATE,
            CanonicalReason.PRICING,
            CanonicalReason.LATE,
            CanonicalReason.OTHER,
        ],
    ),
    ReasonCode("CustomerExchange", "The buyer wants an exchange"),
    ReasonCode("CarrierCreditDecision", "CarrierCreditDecision"),
    ReasonCode("RiskAssessmentInformationNotValid", "RiskAssessmentInformationNotValid"),
    ReasonCode("CarrierCoverageFailure", "CarrierCoverageFailure"),
    ReasonCode("CustomerReturn", "CustomerReturn"),
    ReasonCode("MerchandiseNotReceived", "MerchandiseNotReceived"),
    ReasonCode("PricingError", "Wrong price (newer; nobody knows whether the feed takes it)"),
)
REASONS = ClosedList(CODES, configured=lambda its, _: (*CODES, *(ReasonCode(one, one) for one in its.extra_reasons)))
CANCEL_ORDER_CODES = {
    "NoInventory": "NO_INVENTORY",
    "BuyerCanceled": "BUYER_CANCELLED",
    "CustomerExchange": "CUSTOMER_EXCHANGE",
    "ShippingAddressUndeliverable": "SHIPPING_ADDRESS_UNDELIVERABLE",
    "PricingError": "PRICING_ERROR",
}
"""What cancelOrder calls the reasons of the feed that it knows."""
REPORT = XmlReport(
    "ProcessingReport",
    ("StatusCode", "Processing"),
    problem="Result",
    error=("ResultCode", "Error"),
    names=("MessageID", "AdditionalInfo/AmazonOrderID"),
    words=("ResultMessageCode", "ResultDescription"),
    nobody="0",
    counts=tuple(f"ProcessingSummary/Messages{name}" for name in ("Processed", "Successful", "WithError")),
)
AGAIN = "the order stands as it was; see it in Seller Central, then cancel it there, or here once more"


def cancel_or_item_ids(request: CancelRequest, service: Service[MarketplaceSettings]) -> Flow[Answer | tuple[str, ...]]:
    """The ids of the order's items, for the feed; or its answer, where it needs none or cannot have one."""
    its, code = service.settings, CANCEL_ORDER_CODES.get(request.reason.code or "")
    if its.transport == "json" and code:
        reply = yield service.put(
            ORDERS,
            request.remote_id,
            "cancellation",
            operation="cancellation",
            repeatable=True,
            json={"cancelReasonCode": code},
        )
        if not reply.is_client_error:  # One says that nothing was done, as where there is no such call: on to the feed.
            return asked(reply) if reply.status_code == 202 else unclear(reply)
    items = tuple(str(line.metadata.get(its.item_field) or "") for line in request.order.lines)
    if items and all(item.isalnum() for item in items):
        return items
    reply = yield read_order(request.remote_id, service)
    verdict = order_in(need(reply, check=ACCESS, otherwise=nothing_done, own="errors"), request.remote_id)
    return texts_at(reply, "order", "orderItems", key="orderItemId") if verdict.outcome is Outcome.PENDING else verdict


def submit_feed(
    cancels: Sequence[tuple[CancelRequest, Sequence[str]]], service: Service[MarketplaceSettings]
) -> Flow[Sequence[Answer]]:
    """Cancels orders by one feed, each with the ids of its items; gives the answer of each, in their order."""
    place = yield service.post(
        DOCUMENTS,
        operation="documents",
        repeatable=True,
        private=True,
        json={"contentType": XML},
    )
    url = text_at(need(place, check=ACCESS, otherwise=nothing_done, own="errors"), "url")
    stored = yield service.elsewhere(
        "PUT",
        url,
        operation="store",
        repeatable=True,
        content=feed_xml(service.settings.seller_id, cancels),
        content_type=XML,
    )
    need(stored, check=ACCESS, otherwise=nothing_done)
    feed = yield service.post(
        FEEDS,
        operation="feeds",
        repeatable=True,
        json={
            "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA",
            "marketplaceIds": list(service.settings.marketplace_ids),
            "inputFeedDocumentId": text_at(place, "feedDocumentId"),
        },
    )
    lost = nothing_done if feed.is_client_error else unclear
    name = text_at(need(feed, check=ACCESS, otherwise=lost), "feedId")
    return [asked(feed, status="IN_QUEUE", reference=f"{name}/{number}") for number, _ in enumerate(cancels, 1)]


def read_report(feed: str, names: set[str], service: Service[MarketplaceSettings]) -> Flow[Answer | None]:
    """What stands against an order in a feed, or that the feed is not through; None for nothing."""
    state = yield read_feed(feed, service)
    status = text_at(need(state, check=ACCESS, own="errors"), "processingStatus")
    if status == "CANCELLED":
        return refused(state, Refusal.NOT_ALLOWED, text="Amazon canceled the feed before it began", remedy=AGAIN)
    name = inside(json_object(state), "resultFeedDocumentId")
    if isinstance(name, str) and status not in QUEUED:
        place = yield service.get(DOCUMENTS, name, operation="document", private=True, shared=minutes(4))
        url = text_at(need(place, check=ACCESS, own="errors"), "url")
        found = yield service.elsewhere("GET", url, operation="store", shared=minutes(4))
        if told := REPORT.read(need(found, check=ACCESS)).verdict(found, names, remedy=AGAIN):
            return told
    return None if status == "DONE" else pending(state, status=status, text=f"the feed is {status}")


def read_feed(feed: str, service: Service[MarketplaceSettings]) -> httpx.Request:
    """The read of a feed: one for all its orders, within a minute."""
    return service.get(FEEDS, feed, operation="feed", shared=minutes(1))


def read_order(number: str, service: Service[MarketplaceSettings]) -> httpx.Request:
    """The read of an order with all that tells what became of it."""
    return service.get(ORDERS, number, operation="order", params={"includedData": "CANCELLATION,FULFILLMENT"})


def order_in(reply: httpx.Response, number: str) -> Answer:
    """What an order's status says of a cancel: pending while it stands there. Raises MalformedReply."""
    status = text_at(reply, "order", "fulfillment", "fulfillmentStatus")
    if text_at(reply, "order", "orderId") != number:  # Nor may its items stand in our feed.
        return unclear(reply, text="Amazon's reply is about another order")
    cancels = ("order", "orderItems", "*", "cancellation")
    why = {str(inside(one, "cancelReason") or "no reason") for one in each_at(reply, *cancels, "cancellationRequest")}
    text = f"the buyer asked Amazon to cancel it: {', '.join(sorted(why))}" if why else None
    if status in OPEN and "AMAZON" in each_at(reply, "order", "fulfillment", "fulfilledBy"):
        return refused(
            reply,
            Refusal.NOT_ALLOWED,
            status=status,
            text=text,
            remedy="Amazon fulfills it: ask Seller Support, who promise nothing",
        )
    if status == "CANCELLED":
        who = sorted({str(by) for by in each_at(reply, *cancels, "cancellationExecution", "cancelledBy")})
        text = f"canceled by {', '.join(who) or 'nobody named'}"
    return by_status(
        reply,
        status,
        canceled_in=("CANCELLED",),
        shipped_in=("SHIPPED", "PARTIALLY_SHIPPED"),
        open_in=OPEN,
        text=text,
        remedy="see in Seller Central what can be adjusted or returned",
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
    return document(root)
