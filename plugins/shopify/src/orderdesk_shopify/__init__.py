"""Shopify as the cart: an order is canceled by a job, and only its `cancelledAt` tells that it is."""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByCheck,
    CancelRequest,
    CheckRequest,
    ClosedList,
    Evidence,
    Flow,
    Hint,
    IdRule,
    Integration,
    Message,
    NoResubmit,
    Outcome,
    ReasonCode,
    Refusal,
    Role,
    RuleAction,
    Service,
    Status,
    StatusRequest,
    answer,
    hookimpl,
    minutes,
    objects_at,
    seconds,
    value_at,
    words_of,
)
from orderdesk_sdk.plugin import CanonicalReason as Why
from orderdesk_shopify import api
from orderdesk_shopify.settings import CartSettings, sign

REASONS = (
    ReasonCode("CUSTOMER", "The customer changed or canceled the order", [Why.CUSTOMER_ASKED]),
    ReasonCode("DECLINED", "Payment declined"),
    ReasonCode("FRAUD", "Fraud", [Why.FRAUD]),
    ReasonCode("INVENTORY", "Not in stock", [Why.OUT_OF_STOCK]),
    ReasonCode("STAFF", "Staff error"),
    ReasonCode("OTHER", "Other", [Why.ADDRESS, Why.DUPLICATE, Why.PRICING, Why.LATE, Why.OTHER]),
)
STATUSES = {"archived": api.ARCHIVE, "open": api.OPEN}  # All that is settable; the others are derived.
UNKNOWN = "see whether the number is the order's id; orders older than 60 days need the grant read_all_orders"
BY_HAND = "see the order at Shopify: returns, pending authorizations and shipments keep it from being canceled"
NO_REFUND = "let the app refund, or set refund = false and pay back by hand"


@hookimpl
def orderdesk_integration() -> Integration:
    rule = "Change Order Status at Shopify to"
    return Integration(
        slug="shopify",
        title="Shopify",
        settings=CartSettings,
        base_url="shop_url",
        role=Role.CART,
        auth=sign,
        cancel=(
            Button(
                ByCheck(seconds(15), give_up=minutes(30)),
                reasons=ClosedList(REASONS),
                note="canceling is final, and Shopify releases an authorization that was not captured",
            ),
        ),
        resubmit=NoResubmit("a canceled order cannot be brought back at Shopify; make a new one there"),
        remote_id=IdRule(
            r"([0-9]+|gid://shopify/Order/[0-9]+)",
            50,
            "the number in the order's address at Shopify, such as 148977776, or gid://shopify/Order/148977776; "
            "not #1001",
        ),
        identified_by={"graphql": api.ORDER_ID},
        statuses=tuple(Status(name, name.capitalize()) for name in STATUSES),
        actions=(
            RuleAction(f"{rule} Canceled"),
            *(RuleAction(f"{rule} {name.capitalize()}", name) for name in STATUSES),
        ),
        throttled=api.throttle_wait,
        echoes={"x-shopify-api-version": "api_version"},
        evidence=Evidence.VENDOR_CHECKED,
        evidence_headers=[
            "x-shopify-api-version",
            "x-shopify-api-deprecated-reason",
            "x-request-id",
        ],
        help_url="https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCancel",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    _, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    reply = yield api.cancel_order(service, request)
    if (without_data := api.answer_without_data(reply, wrote=True)) is not None:
        return without_data
    if not (errors := api.user_errors(reply)):
        return answer.asked(reply, reference=api.job_reference(reply, service.settings))
    codes, text = [error.get("code") for error in errors], words_of(errors)
    if "INTERNAL_ERROR" in codes:
        return answer.unclear(reply, text=text)
    # The order may have been canceled in the meantime, by another than us.
    _, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN)
    if verdict.outcome in (Outcome.CANCELED, Outcome.REFUSED):
        return verdict
    if verdict.outcome is not Outcome.PENDING:
        return answer.unclear(reply, text=text)
    remedy = NO_REFUND if "NO_REFUND_PERMISSION" in codes else BY_HAND
    return answer.refused(reply, Refusal.NOT_ALLOWED, text=text, remedy=remedy)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    document, job = api.job_query(request.reference)
    reply, verdict = yield from api.read(service, document, {**order, **job}, api.answer_from_order)
    if verdict.outcome is not Outcome.PENDING or not job:
        return verdict
    if value_at(reply, "data", "job") != {"id": job["job"], "done": True}:
        return verdict
    # The job may have ended after the order was read.
    again, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    has_result = "result" in job and value_at(reply, "data", "result") is not None
    why = words_of(objects_at(reply, "data", "result", "errors")) if has_result else ""
    text = f"Shopify's job is done and the order is not canceled{': ' if why else ''}{why}"
    return answer.refused(again, Refusal.NOT_ALLOWED, status=verdict.status, text=text, remedy=BY_HAND)


@hookimpl
def orderdesk_change_status(request: StatusRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    is_to_be_closed = request.status == "archived"
    reply, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN)
    if verdict.outcome not in (Outcome.PENDING, Outcome.CANCELED):
        return verdict
    if value_at(reply, "data", "order", "closed") is is_to_be_closed:
        return answer.changed(reply, status=request.status)
    changed = yield api.ask(service, STATUSES[request.status], order, repeatable=True)
    if (without_data := api.answer_without_data(changed, wrote=True)) is not None:
        return without_data
    if errors := api.user_errors(changed):
        return answer.refused(changed, Refusal.NOT_ALLOWED, text=words_of(errors, ("message",)))
    if value_at(changed, "data", "done", "order", "closed") is is_to_be_closed:
        return answer.changed(changed, status=request.status)
    return answer.unclear(changed)


@hookimpl
def orderdesk_receive(message: Message, service: Service[CartSettings]) -> tuple[Hint, ...]:
    # In the body's `id` some programs lose digits.
    return api.hints_from_webhook(message, service.settings, "orders", "Order", "admin_graphql_api_id")
