"""Amazon Marketplace: one feed cancels many orders; its report may name an error; each order's own status decides."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_amazon_marketplace import amazon
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal, asked, pending, refused, unclear
from orderdesk_sdk.plugin.auth import refresh_token_auth
from orderdesk_sdk.plugin.batching import together
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import StatedAt
from orderdesk_sdk.plugin.integration import Evidence, IdRule, Integration, Limit, NoResubmit
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Batch, Button, ByCheck
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import inside, json_object, need, nothing_done, text_at, texts_at

ACCESS = "check region, marketplace_ids, the role Inventory and Order Tracking, and the seller's authorization"
AGAIN = "the order stands as it was; see it in Seller Central, then cancel it there, or here once more"
NOTE = "Amazon mails the buyer. NoInventory counts against you; BuyerCanceled is for a buyer who asked Amazon"
FEW, MANY = (  # Few, where for each two calls may come first: a flow makes 50. Amazon's pace: a feed in 20 minutes.
    (Button(ByCheck(minutes(5), hours(24)), reasons=amazon.REASONS, note=NOTE, batch=Batch(minutes(20), most, True)),)
    for most in (20, 1000)
)
NEWER = {
    "NoInventory": "NO_INVENTORY", "BuyerCanceled": "BUYER_CANCELLED", "CustomerExchange": "CUSTOMER_EXCHANGE",
    "ShippingAddressUndeliverable": "SHIPPING_ADDRESS_UNDELIVERABLE", "PricingError": "PRICING_ERROR",
}  # fmt: skip
Seller = Service[amazon.MarketplaceSettings]


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-marketplace", title="Amazon Marketplace", role=Role.CART, evidence=Evidence.VENDOR_CHECKED,
        settings=amazon.MarketplaceSettings, base_url="endpoint", cancel=FEW,
        configured=lambda its: MANY if its.item_field and its.transport == "feed" else FEW,
        auth=refresh_token_auth("token_url", header="x-amz-access-token", dated="x-amz-date"),
        resubmit=NoResubmit("a canceled Amazon order cannot come back; the buyer must order again"),
        identified_by={"order": StatedAt("order", "orderId")},
        remote_id=IdRule(r"\d{3}-\d{7}-\d{7}", 19, "Amazon's numbers look like 902-1106328-1059050"),
        limits={"documents": Limit(0.5, 15), "document": Limit(0.0222, 10), "feeds": Limit(0.0083, 15),
                "feed": Limit(2, 15), "order": Limit(0.5, 30), "cancellation": Limit(1, 5)},
        rate_header="x-amzn-ratelimit-limit", evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact=["buyer", "recipient", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature"],
        help_url="https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values",
    )  # fmt: skip


@hookimpl
def orderdesk_cancel_many(requests: Sequence[CancelRequest], service: Seller) -> Flow[Sequence[Answer]]:
    return (yield from together(requests, lambda one: look(one, service), lambda left: send(left, service)))


def look(request: CancelRequest, service: Seller) -> Flow[Answer | tuple[str, ...]]:
    """The ids of the order's items, for the feed; or its answer, where it needs none or cannot have one."""
    its, code = service.settings, NEWER.get(request.reason.code or "")
    if its.transport == "json" and code:
        path, body = (amazon.ORDERS, request.remote_id, "cancellation"), {"cancelReasonCode": code}
        reply = yield service.put(*path, operation="cancellation", repeatable=True, json=body)
        if not reply.is_client_error:  # One says that nothing was done, as where there is no such call: on to the feed.
            return asked(reply) if reply.status_code == 202 else unclear(reply)
    items = tuple(str(line.metadata.get(its.item_field) or "") for line in request.order.lines)
    if items and all(item.isalnum() for item in items):
        return items
    reply = yield service.get(amazon.ORDERS, request.remote_id, operation="order", params=amazon.DATA)
    verdict = amazon.order_in(need(reply, check=ACCESS, otherwise=nothing_done, own="errors"), request.remote_id)
    return texts_at(reply, "order", "orderItems", key="orderItemId") if verdict.outcome is Outcome.PENDING else verdict


def send(left: Sequence[tuple[CancelRequest, tuple[str, ...]]], service: Seller) -> Flow[Sequence[Answer]]:
    its, content = service.settings, {"contentType": amazon.XML}
    place = yield service.post(amazon.DOCUMENTS, operation="documents", repeatable=True, private=True, json=content)
    url = text_at(need(place, check=ACCESS, otherwise=nothing_done, own="errors"), "url")
    xml = amazon.message(its.seller_id, left)
    store = service.elsewhere("PUT", url, operation="store", repeatable=True, content=xml, content_type=amazon.XML)
    need((yield store), check=ACCESS, otherwise=nothing_done)
    body = {"feedType": amazon.KIND, "marketplaceIds": list(its.marketplace_ids)}
    body |= {"inputFeedDocumentId": text_at(place, "feedDocumentId")}
    feed = yield service.post(amazon.FEEDS, operation="feeds", repeatable=True, json=body)
    lost = nothing_done if feed.is_client_error else unclear
    name = text_at(need(feed, check=ACCESS, otherwise=lost), "feedId")
    return [asked(feed, status="IN_QUEUE", reference=f"{name}/{number}") for number, _ in enumerate(left, 1)]


@hookimpl
def orderdesk_check(request: CheckRequest, service: Seller) -> Flow[Answer]:
    feed, _, number = (request.reference or "").partition("/")
    fresh = request.asked_at is not None and service.now < request.asked_at + hours(1)
    if feed and fresh and request.status_since not in amazon.OPEN:  # One call for all its orders, while it is queued.
        state = yield service.get(amazon.FEEDS, feed, operation="feed", shared=minutes(1))
        if state.is_success and inside(json_object(state), "processingStatus") in amazon.QUEUED:
            return pending(state, status=text_at(state, "processingStatus"))
    reply = yield service.get(amazon.ORDERS, request.remote_id, operation="order", params=amazon.DATA)
    verdict = amazon.order_in(need(reply, check=ACCESS, own="errors"), request.remote_id)
    # Where it was open when last read, the feed was done by then, and its report had nothing against it.
    if verdict.outcome is not Outcome.PENDING or not feed or request.status_since in amazon.OPEN:
        return verdict
    return (yield from report(feed, {number, request.remote_id}, service)) or verdict


def report(feed: str, names: set[str], service: Seller) -> Flow[Answer | None]:
    """What stands against an order in a feed, or that the feed is not through; None for nothing."""
    state = yield service.get(amazon.FEEDS, feed, operation="feed", shared=minutes(1))
    status = text_at(need(state, check=ACCESS, own="errors"), "processingStatus")
    if status == "CANCELLED":
        return refused(state, Refusal.NOT_ALLOWED, text="Amazon canceled the feed before it began", remedy=AGAIN)
    name = inside(json_object(state), "resultFeedDocumentId")
    if isinstance(name, str) and status not in amazon.QUEUED:
        place = yield service.get(amazon.DOCUMENTS, name, operation="document", private=True, shared=minutes(4))
        url = text_at(need(place, check=ACCESS, own="errors"), "url")
        found = yield service.elsewhere("GET", url, operation="store", shared=minutes(4))
        if told := amazon.REPORT.read(need(found, check=ACCESS)).verdict(found, names, remedy=AGAIN):
            return told
    return None if status == "DONE" else pending(state, status=status, text=f"the feed is {status}")
