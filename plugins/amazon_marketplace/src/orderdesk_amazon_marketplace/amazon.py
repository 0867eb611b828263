"""The seam to Amazon: a seller's account, and the shapes of Feeds v2021-06-30 and Orders v2026-01-01."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from orderdesk_sdk.plugin.answer import Answer, Refusal, by_status, refused, unclear
from orderdesk_sdk.plugin.reasons import CanonicalReason as Why
from orderdesk_sdk.plugin.reasons import ClosedList, ReasonCode
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.settings import RefreshTokenSettings, host, parsed, read_texts, setting, settings
from orderdesk_sdk.plugin.toolkit.batch_report import XmlReport
from orderdesk_sdk.plugin.toolkit.json_response import each_at, inside, text_at
from orderdesk_sdk.plugin.toolkit.xml_response import document, element

FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
KIND, XML = "POST_ORDER_ACKNOWLEDGEMENT_DATA", "text/xml; charset=UTF-8"
XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd"}
ORDERS, DATA = "/orders/2026-01-01/orders", {"includedData": "CANCELLATION,FULFILLMENT"}
ITEMS, CANCELED, SHIPPED = ("orderItems", "*"), ("CANCELLED",), ("SHIPPED", "PARTIALLY_SHIPPED")
OPEN, QUEUED = ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY"), ("IN_QUEUE", "IN_PROGRESS")
REPORT = XmlReport(
    "ProcessingReport", ("StatusCode", "Processing"), problem="Result", error=("ResultCode", "Error"),
    names=("MessageID", "AdditionalInfo/AmazonOrderID"), words=("ResultMessageCode", "ResultDescription"), nobody="0",
    counts=tuple(f"ProcessingSummary/Messages{name}" for name in ("Processed", "Successful", "WithError")),
)  # fmt: skip
GONE = "see in Seller Central what can be adjusted or returned"
AFN = "Amazon fulfills it: ask Seller Support, who promise nothing"
BARE = "CarrierCreditDecision RiskAssessmentInformationNotValid CarrierCoverageFailure CustomerReturn"
CODES = (  # Ten published ones, told in Seller Central's words (help 200198080) where it has any, and a newer one.
    ReasonCode("NoInventory", "Out of stock", [Why.OUT_OF_STOCK]),
    ReasonCode("BuyerCanceled", "The buyer asked for it", [Why.CUSTOMER_ASKED]),
    ReasonCode("ShippingAddressUndeliverable", "Undeliverable address", [Why.ADDRESS]),
    ReasonCode("GeneralAdjustment", "Any other reason", [Why.FRAUD, Why.DUPLICATE, Why.PRICING, Why.LATE, Why.OTHER]),
    ReasonCode("CustomerExchange", "The buyer wants an exchange"),
    *(ReasonCode(code, code) for code in (*BARE.split(), "MerchandiseNotReceived")),
    ReasonCode("PricingError", "Wrong price (newer; nobody knows whether the feed takes it)"),
)
REASONS = ClosedList(CODES, configured=lambda its, _: (*CODES, *(ReasonCode(one, one) for one in its.extra_reasons)))


@settings
class MarketplaceSettings(RefreshTokenSettings):
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    seller_id: str = setting(str, help="the merchant token, in Seller Central > Account Info")
    marketplace_ids: tuple[str, ...] = parsed(read_texts, help="where the orders were placed, 1 to 25")
    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    store: str = host(help="where Amazon keeps feed documents", default="https://*.amazonaws.com")
    edge: str = host(help="where else, as in Amazon's samples", default="https://*.cloudfront.net")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    item_field: str = setting(str, help="a line's metadata with Amazon's order item id; empty: it is read", default="")
    extra_reasons: tuple[str, ...] = parsed(read_texts, help="codes that Amazon has added", default=())
    transport: str = setting(str, help="json: UNRELEASED cancelOrder first", default="feed", choices=("feed", "json"))


def message(seller: str, cancels: Iterable[tuple[CancelRequest, Sequence[str]]]) -> bytes:
    """The feed that cancels these orders, numbered from 1, each with all its items: without any, none is canceled."""
    header = element("Header", element("DocumentVersion", "1.01"), element("MerchantIdentifier", seller))
    root = element("AmazonEnvelope", header, element("MessageType", "OrderAcknowledgement"), attributes=XSI)
    for number, (request, items) in enumerate(cancels, start=1):
        told = [element("AmazonOrderID", request.remote_id), element("StatusCode", "Failure")]
        why = element("CancelReason", request.reason.code or "")
        told += [element("Item", element("AmazonOrderItemCode", item), why) for item in items]
        root.append(element("Message", element("MessageID", str(number)), element("OrderAcknowledgement", *told)))
    return document(root)


def order_in(reply: httpx.Response, number: str) -> Answer:
    """What an order's status says of a cancel: pending while it stands there. Raises MalformedReply."""
    word, cancels = text_at(reply, "order", "fulfillment", "fulfillmentStatus"), ("order", *ITEMS, "cancellation")
    if text_at(reply, "order", "orderId") != number:  # Nor may its items stand in our feed.
        return unclear(reply, text="Amazon's reply is about another order")
    who = sorted({str(by) for by in each_at(reply, *cancels, "cancellationExecution", "cancelledBy")})
    why = {str(inside(one, "cancelReason") or "no reason") for one in each_at(reply, *cancels, "cancellationRequest")}
    note = f"the buyer asked Amazon to cancel it: {', '.join(sorted(why))}" if why else None
    if word in OPEN and "AMAZON" in each_at(reply, "order", "fulfillment", "fulfilledBy"):
        return refused(reply, Refusal.NOT_ALLOWED, status=word, text=note, remedy=AFN)
    note = f"canceled by {', '.join(who) or 'nobody named'}" if word in CANCELED else note
    return by_status(reply, word, canceled_in=CANCELED, shipped_in=SHIPPED, open_in=OPEN, text=note, remedy=GONE)
