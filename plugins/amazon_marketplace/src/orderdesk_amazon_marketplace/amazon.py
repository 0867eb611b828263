"""The seam to Amazon: a seller's account, and the shapes of Feeds v2021-06-30 and Orders v2026-01-01."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from orderdesk_sdk.answer import Answer, Refusal, canceled, pending, refused, unclear
from orderdesk_sdk.reading import MalformedReply, inside, json_object, objects_at, text_at
from orderdesk_sdk.reading_xml import document, element, xml_root
from orderdesk_sdk.reasons import CanonicalReason as Why
from orderdesk_sdk.reasons import ClosedList, ReasonCode
from orderdesk_sdk.request import CancelRequest
from orderdesk_sdk.settings import RefreshTokenSettings, host, parsed, read_texts, setting, settings

FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
KIND, XML = "POST_ORDER_ACKNOWLEDGEMENT_DATA", "text/xml; charset=UTF-8"
XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd"}
ORDERS, DATA = "/orders/2026-01-01/orders", {"includedData": "CANCELLATION,FULFILLMENT"}
OPEN = ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY")
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


def error_in(reply: httpx.Response, number: str) -> str | None:
    """The code of the error that a processing report has for this message; None for none. Raises MalformedReply."""
    report = xml_root(reply).find("Message/ProcessingReport")
    if report is None or report.findtext("StatusCode") != "Complete":
        raise MalformedReply("it is no complete ProcessingReport", place="the report")
    errors = report.findall("Result[ResultCode='Error']")
    codes = {one.findtext("MessageID", "").strip(): one.findtext("ResultMessageCode") or "no code" for one in errors}
    return codes.get(number)


def order_in(reply: httpx.Response) -> Answer:
    """What an order's status says of a cancel: pending while it stands there. Raises MalformedReply."""
    word = text_at(reply, "order", "fulfillment", "fulfillmentStatus")
    told = [inside(item, "cancellation") for item in objects_at(reply, "order", "orderItems")]
    who = {str(by) for one in told if (by := inside(one, "cancellationExecution", "cancelledBy"))}
    why = {str(inside(one, "cancelReason") or "no reason") for it in told if (one := inside(it, "cancellationRequest"))}
    note = f"the buyer asked Amazon to cancel it: {', '.join(sorted(why))}" if why else None
    if word == "CANCELLED":
        return canceled(reply, status=word, text=f"canceled by {', '.join(sorted(who)) or 'nobody named'}")
    if word in ("SHIPPED", "PARTIALLY_SHIPPED"):
        return refused(reply, Refusal.SHIPPED, status=word, text=note, remedy=GONE)
    if inside(json_object(reply), "order", "fulfillment", "fulfilledBy") == "AMAZON":
        return refused(reply, Refusal.NOT_ALLOWED, status=word, text=note, remedy=AFN)
    if word in OPEN:
        return pending(reply, status=word, text=note)
    return unclear(reply, status=word, text=f"not a documented status: {word!r}")
