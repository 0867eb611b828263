"""Shopify fulfillment orders, a second integration: withdrawn before their service accepts, asked back once it has."""

from __future__ import annotations

from functools import partial

from attrs import evolve

import orderdesk_shopify
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    ConnectionRole,
    Flow,
    FreeText,
    IdentifierFormat,
    Integration,
    NoResubmission,
    OrderNotification,
    Outcome,
    Polling,
    PollRequest,
    Portal,
    Rejection,
    Service,
    WebhookRequest,
    answer,
    format_errors,
    hookimpl,
    hours,
    minutes,
    objects_at,
    text_at,
)
from orderdesk_shopify import api
from orderdesk_shopify.settings import ShopSettings

FORCE_HINT = "Call the service, which has not answered. Closed at Shopify without its word, the order may still ship."
ID_HINT = "the fulfillment order's own number, such as 1046000788, or gid://shopify/FulfillmentOrder/1046000788"
WITHDRAWN = "withdrawn"
"""The reference of a request that withdrew the order, in place of asking its service."""


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_shopify.orderdesk_integration(),
        slug="shopify-fulfillment",
        title="Shopify fulfillment",
        settings=ShopSettings,
        role=ConnectionRole.FULFILLMENT,
        cancel=(
            Button(Polling(every=minutes(5), give_up=hours(24)), reasons=FreeText()),
            Portal(FORCE_HINT),
        ),
        resubmission=NoResubmission("Shopify makes a replacement fulfillment order; request its fulfillment there"),
        remote_id_format=IdentifierFormat(r"([0-9]+|gid://shopify/FulfillmentOrder/[0-9]+)", 60, ID_HINT),
        statuses=(),
        actions=(),
        help_url="https://shopify.dev/docs/apps/build/orders-fulfillment",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    seen, verdict = yield from api.read(service, api.FULFILLMENT, order, api.answer_from_fulfillment_order, ID_HINT)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    is_unaccepted = text_at(seen, "data", "order", "requestStatus") == "SUBMITTED"
    actions = [action.get("action") for action in objects_at(seen, "data", "order", "supportedActions")]
    if ("CANCEL_FULFILLMENT_ORDER" if is_unaccepted else "REQUEST_CANCELLATION") not in actions:
        text = "Shopify offers no cancellation in this state"
        return answer.rejected(
            seen, Rejection.NOT_ALLOWED, status=verdict.status, message=text, hint="call the service"
        )
    # Both are repeatable, for the order is read first at every try.
    if is_unaccepted:
        response = yield api.graphql_request(service, api.WITHDRAW, order, idempotent=True)
    else:
        response = yield api.graphql_request(
            service, api.REQUEST_CANCELLATION, {**order, "message": request.reason.text}, idempotent=True
        )
    if (without_data := api.answer_without_data(response, wrote=True)) is not None:
        return without_data
    if not (errors := api.user_errors(response)):
        return answer.acknowledged(response, request_reference=WITHDRAWN if is_unaccepted else None)
    # The service may have been faster.
    _, verdict = yield from api.read(service, api.FULFILLMENT, order, api.answer_from_fulfillment_order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    return answer.rejected(
        response, Rejection.NOT_ALLOWED, status=verdict.status, message=format_errors(errors, ("message",))
    )


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    reading = partial(api.answer_from_fulfillment_order, withdrawn_by_us=request.request_reference == WITHDRAWN)
    _, verdict = yield from api.read(service, api.FULFILLMENT, order, reading)
    return verdict


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[ShopSettings]) -> tuple[OrderNotification, ...]:
    return api.notifications_from_webhook(
        request,
        service.settings,
        "fulfillment_orders",
        "FulfillmentOrder",
        "fulfillment_order",
        "id",
    )
