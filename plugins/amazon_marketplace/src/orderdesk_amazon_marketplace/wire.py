"""The seam to Feeds v2021-06-30 and Orders v2026-01-01: paths, the cancel message, the report, an order's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Refusal
from orderdesk_sdk.reading import MalformedReply, inside, json_object, objects_at, text_at
from orderdesk_sdk.reading_xml import document, element, xml_root
from orderdesk_sdk.request import CancelRequest

FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
KIND, XML = "POST_ORDER_ACKNOWLEDGEMENT_DATA", "text/xml; charset=UTF-8"
XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd"}
ORDERS, DATA = "/orders/2026-01-01/orders", {"includedData": "CANCELLATION,FULFILLMENT"}
OPEN = ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY")
GONE = "see in Seller Central what can be adjusted or returned"
AFN = "Amazon fulfills it: ask Seller Support, who promise nothing"


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
    errors = [result for result in report.findall("Result") if result.findtext("ResultCode") == "Error"]
    codes = {one.findtext("MessageID", "").strip(): one.findtext("ResultMessageCode", "no code") for one in errors}
    return codes.get(number)


def order_in(reply: httpx.Response) -> Answer:
    """What an order's status says of a cancel: pending while it stands there. Raises MalformedReply."""
    word = text_at(reply, "order", "fulfillment", "fulfillmentStatus")
    told = [inside(item, "cancellation") for item in objects_at(reply, "order", "orderItems")]
    who = {str(by) for one in told if (by := inside(one, "cancellationExecution", "cancelledBy"))}
    asked = {str(why) for one in told if (why := inside(one, "cancellationRequest", "cancelReason"))}
    note = f"the buyer asked Amazon to cancel it: {', '.join(sorted(asked))}" if asked else None
    if word == "CANCELLED":
        return answer.canceled(reply, status=word, text=f"canceled by {', '.join(sorted(who)) or 'nobody named'}")
    if word in ("SHIPPED", "PARTIALLY_SHIPPED"):
        return answer.refused(reply, Refusal.SHIPPED, status=word, text=note, remedy=GONE)
    if inside(json_object(reply), "order", "fulfillment", "fulfilledBy") == "AMAZON":
        return answer.refused(reply, Refusal.NOT_ALLOWED, status=word, text=note, remedy=AFN)
    if word in OPEN:
        return answer.pending(reply, status=word, text=note)
    return answer.unclear(reply, status=word, text=f"not a documented status: {word!r}")
