"""Amazon Marketplace: one feed cancels many orders; its report may name an error; each order's own status decides."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_amazon_marketplace import api
from orderdesk_amazon_marketplace.settings import MarketplaceSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Batch,
    Button,
    CancelRequest,
    ConnectionRole,
    Flow,
    IdentifierFormat,
    Integration,
    Limit,
    NoResubmission,
    Outcome,
    Polling,
    PollRequest,
    Service,
    StatedAt,
    Verification,
    get_path,
    hookimpl,
    hours,
    json_object,
    minutes,
    require_success,
    run_batch,
    text_at,
)
from orderdesk_sdk.plugin.answer import pending


def feed_button(max_orders: int) -> Button:
    """The button that cancels up to so many orders by one feed, at Amazon's pace: a feed in 20 minutes."""
    return Button(
        Polling(every=minutes(5), give_up=hours(24)),
        reasons=api.REASONS,
        warning="Amazon mails the buyer. NoInventory counts against you; BuyerCanceled is for a buyer who asked Amazon",
        batch=Batch(minutes(20), max_orders, True),
    )


FEW = (feed_button(20),)  # For each order two calls may come first, and a flow makes 50.
MANY = (feed_button(1000),)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-marketplace",
        title="Amazon Marketplace",
        role=ConnectionRole.CART,
        settings=MarketplaceSettings,
        base_url="endpoint",
        auth=sign,
        cancel=FEW,
        routes_for=lambda its: MANY if its.item_field and its.transport == "feed" else FEW,
        resubmission=NoResubmission("a canceled Amazon order cannot come back; the buyer must order again"),
        identified_by={"order": StatedAt("order", "orderId")},
        remote_id_format=IdentifierFormat(r"\d{3}-\d{7}-\d{7}", 19, "Amazon's numbers look like 902-1106328-1059050"),
        limits={
            "documents": Limit(0.5, burst=15),
            "document": Limit(0.0222, burst=10),
            "feeds": Limit(0.0083, burst=15),
            "feed": Limit(2, burst=15),
            "order": Limit(0.5, burst=30),
            "cancellation": Limit(1, burst=5),
        },
        rate_header="x-amzn-ratelimit-limit",
        evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact_fields=["buyer", "recipient", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature"],
        verified_by=Verification.VENDOR_CHECKED,
        help_url="https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values",
    )


@hookimpl
def orderdesk_cancel_many(
    requests: Sequence[CancelRequest], service: Service[MarketplaceSettings]
) -> Flow[Sequence[Answer]]:
    return (
        yield from run_batch(
            requests,
            lambda request: api.cancel_or_item_ids(request, service),
            lambda cancels: api.submit_feed(cancels, service),
        )
    )


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[MarketplaceSettings]) -> Flow[Answer]:
    feed, _, number = (request.request_reference or "").partition("/")
    fresh = request.last_sent_at is not None and service.now < request.last_sent_at + hours(1)
    if (
        feed and fresh and request.status_since_request not in api.CANCELABLE
    ):  # One call for all its orders, while it is queued.
        state = yield api.read_feed(feed, service)
        if state.is_success and get_path(json_object(state), "processingStatus") in api.QUEUED:
            return pending(state, status=text_at(state, "processingStatus"))
    response = yield api.read_order(request.remote_id, service)
    verdict = api.answer_from_order(
        require_success(response, access_hint=api.ACCESS_HINT, error_key="errors"), request.remote_id
    )
    # Where it was open when last read, the feed was done by then, and its report had nothing against it.
    if verdict.outcome is not Outcome.PENDING or not feed or request.status_since_request in api.CANCELABLE:
        return verdict
    return (yield from api.read_report(feed, {number, request.remote_id}, service)) or verdict
