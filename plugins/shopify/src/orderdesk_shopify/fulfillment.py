"""Shopify fulfillment orders, a second integration: withdrawn before their service accepts, asked back once it has."""

from __future__ import annotations

from functools import partial

from attrs import evolve

import orderdesk_shopify
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    CancelRequestList,
    CancelRequests,
    ConnectionRole,
    Flow,
    FreeText,
    IdentifierFormat,
    Integration,
    NoResubmission,
    NotificationKind,
    OpenRequestQuery,
    OrderNotification,
    Outcome,
    Polling,
    PollRequest,
    Portal,
    Rejection,
    RespondRequest,
    Service,
    SilenceMeans,
    WebhookRequest,
    answer,
    format_errors,
    hookimpl,
    hours,
    minutes,
    objects_at,
    text_at,
)
from orderdesk_shopify import api, requests
from orderdesk_shopify.settings import FulfillmentSettings

FORCE_HINT = "Call the service, which has not answered. Closed at Shopify without its word, the order may still ship."
ID_HINT = "the fulfillment order's own number, such as 1046000788, or gid://shopify/FulfillmentOrder/1046000788"
MERCHANT_ROUTES = (
    Button(Polling(every=minutes(5), give_up=hours(24)), reasons=FreeText()),
    Portal(FORCE_HINT),
)
AS_SERVICE = Portal("Close the fulfillment order in your app: the merchant decides what becomes of it.")
WITHDRAWN = "withdrawn"
"""The reference of a request that withdrew the order, in place of asking its service."""


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_shopify.orderdesk_integration(),
        slug="shopify-fulfillment",
        title="Shopify fulfillment",
        settings=FulfillmentSettings,
        role=ConnectionRole.FULFILLMENT,
        cancel=MERCHANT_ROUTES,
        side_effects={},
        routes_for=lambda its: (AS_SERVICE,) if its.acts_as == "service" else (*MERCHANT_ROUTES,),
        cancel_requests=CancelRequests(
            # No deadline is published. The merchant may close the order on Shopify's side at any time.
            silence=SilenceMeans.NOTHING,
            every=minutes(5),
            enabled=lambda its: its.acts_as == "service",
        ),
        resubmission=NoResubmission("Shopify makes a replacement fulfillment order; request its fulfillment there"),
        remote_id_format=IdentifierFormat(r"([0-9]+|gid://shopify/FulfillmentOrder/[0-9]+)", 60, ID_HINT),
        statuses=(),
        actions=(),
        help_url="https://shopify.dev/docs/apps/build/orders-fulfillment",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[FulfillmentSettings]) -> Flow[Answer]:
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
def orderdesk_poll(request: PollRequest, service: Service[FulfillmentSettings]) -> Flow[Answer]:
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    reading = partial(api.answer_from_fulfillment_order, withdrawn_by_us=request.request_reference == WITHDRAWN)
    _, verdict = yield from api.read(service, api.FULFILLMENT, order, reading)
    return verdict


@hookimpl
def orderdesk_parse_webhook(
    request: WebhookRequest, service: Service[FulfillmentSettings]
) -> tuple[OrderNotification, ...]:
    found = api.notifications_from_webhook(
        request,
        service.settings,
        "fulfillment_orders",
        "FulfillmentOrder",
        "fulfillment_order",
        "id",
    )
    is_asked = request.headers.get("x-shopify-topic", "").endswith("/cancellation_request_submitted")
    if is_asked and service.settings.acts_as == "service":
        return tuple(evolve(one, kind=NotificationKind.CANCEL_REQUESTED) for one in found)
    return found


@hookimpl
def orderdesk_list_cancel_requests(
    request: OpenRequestQuery, service: Service[FulfillmentSettings]
) -> Flow[CancelRequestList | Answer]:
    return (yield from requests.list_open(request, service))


@hookimpl
def orderdesk_respond(request: RespondRequest, service: Service[FulfillmentSettings]) -> Flow[Answer]:
    return (yield from requests.respond(request, service))
