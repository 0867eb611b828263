"""Shopify as the cart: an order is canceled by a job, and only its `cancelledAt` tells that it is."""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    ConnectionRole,
    Flow,
    IdentifierFormat,
    Integration,
    NoResubmission,
    OrderNotification,
    Outcome,
    Polling,
    PollRequest,
    ReasonCode,
    ReasonList,
    Rejection,
    RuleAction,
    Service,
    SettableStatus,
    SideEffect,
    StatusChangeRequest,
    Verification,
    WebhookRequest,
    answer,
    format_errors,
    hookimpl,
    minutes,
    objects_at,
    seconds,
    value_at,
)
from orderdesk_sdk.plugin import StandardReason as Why
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
UNKNOWN_ORDER_HINT = (
    "see whether the number is the order's id; orders older than 60 days need the grant read_all_orders"
)
BY_HAND_HINT = "see the order at Shopify: returns, pending authorizations and shipments keep it from being canceled"
NO_REFUND_HINT = "let the app refund, or set refund = false and pay back by hand"


@hookimpl
def orderdesk_integration() -> Integration:
    rule = "Change Order Status at Shopify to"
    return Integration(
        slug="shopify",
        title="Shopify",
        settings=CartSettings,
        base_url="shop_url",
        role=ConnectionRole.CART,
        auth=sign,
        cancel=(
            Button(
                Polling(seconds(15), give_up=minutes(30)),
                reasons=ReasonList(REASONS),
                warning="canceling is final, and Shopify releases an authorization that was not captured",
            ),
        ),
        resubmission=NoResubmission("a canceled order cannot be brought back at Shopify; make a new one there"),
        remote_id_format=IdentifierFormat(
            r"([0-9]+|gid://shopify/Order/[0-9]+)",
            50,
            "the number in the order's address at Shopify, such as 148977776, or gid://shopify/Order/148977776; "
            "not #1001",
        ),
        identified_by={"graphql": api.ORDER_ID},
        statuses=tuple(SettableStatus(name, name.capitalize()) for name in STATUSES),
        actions=(
            RuleAction(f"{rule} Canceled"),
            *(RuleAction(f"{rule} {name.capitalize()}", name) for name in STATUSES),
        ),
        retry_after=api.throttle_wait,
        expected_headers={"x-shopify-api-version": "api_version"},
        verified_by=Verification.VENDOR_CHECKED,
        evidence_headers=[
            "x-shopify-api-version",
            "x-shopify-api-deprecated-reason",
            "x-request-id",
        ],
        help_url="https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCancel",
        side_effects={
            SideEffect.REFUND: "refund",
            SideEffect.STOCK: "restock",
            SideEffect.CUSTOMER_MESSAGE: "notify_customer",
        },
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    _, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN_ORDER_HINT)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    response = yield api.cancel_order(service, request)
    if (without_data := api.answer_without_data(response, wrote=True)) is not None:
        return without_data
    if not (errors := api.user_errors(response)):
        return answer.acknowledged(response, request_reference=api.job_reference(response, service.settings))
    codes, text = [error.get("code") for error in errors], format_errors(errors)
    if "INTERNAL_ERROR" in codes:
        return answer.unknown(response, message=text)
    # The order may have been canceled in the meantime, by another than us.
    _, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN_ORDER_HINT)
    if verdict.outcome in (Outcome.CANCELED, Outcome.REJECTED):
        return verdict
    if verdict.outcome is not Outcome.PENDING:
        return answer.unknown(response, message=text)
    hint = NO_REFUND_HINT if "NO_REFUND_PERMISSION" in codes else BY_HAND_HINT
    return answer.rejected(response, Rejection.NOT_ALLOWED, message=text, hint=hint)


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    document, job = api.job_query(request.request_reference)
    response, verdict = yield from api.read(service, document, {**order, **job}, api.answer_from_order)
    if verdict.outcome is not Outcome.PENDING or not job:
        return verdict
    if value_at(response, "data", "job") != {"id": job["job"], "done": True}:
        return verdict
    # The job may have ended after the order was read.
    again, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    has_result = "result" in job and value_at(response, "data", "result") is not None
    why = format_errors(objects_at(response, "data", "result", "errors")) if has_result else ""
    text = f"Shopify's job is done and the order is not canceled{': ' if why else ''}{why}"
    return answer.rejected(again, Rejection.NOT_ALLOWED, status=verdict.status, message=text, hint=BY_HAND_HINT)


@hookimpl
def orderdesk_change_status(request: StatusChangeRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": api.gid("Order", request.remote_id)}
    is_to_be_closed = request.status == "archived"
    response, verdict = yield from api.read(service, api.ORDER, order, api.answer_from_order, UNKNOWN_ORDER_HINT)
    if verdict.outcome not in (Outcome.PENDING, Outcome.CANCELED):
        return verdict
    if value_at(response, "data", "order", "closed") is is_to_be_closed:
        return answer.changed(response, status=request.status)
    changed = yield api.graphql_request(service, STATUSES[request.status], order, idempotent=True)
    if (without_data := api.answer_without_data(changed, wrote=True)) is not None:
        return without_data
    if errors := api.user_errors(changed):
        return answer.rejected(changed, Rejection.NOT_ALLOWED, message=format_errors(errors, ("message",)))
    if value_at(changed, "data", "done", "order", "closed") is is_to_be_closed:
        return answer.changed(changed, status=request.status)
    return answer.unknown(changed)


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[CartSettings]) -> tuple[OrderNotification, ...]:
    # In the body's `id` some programs lose digits.
    return api.notifications_from_webhook(request, service.settings, "orders", "Order", "admin_graphql_api_id")
