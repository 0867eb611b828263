"""Shopify fulfillment orders, a second integration: withdrawn before their service accepts, asked back once it has."""

from __future__ import annotations

from functools import partial

from attrs import evolve

import orderdesk_shopify
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByCheck,
    CancelRequest,
    CheckRequest,
    Flow,
    FreeText,
    Hint,
    IdRule,
    Integration,
    Message,
    NoResubmit,
    Outcome,
    Portal,
    Refusal,
    Role,
    Service,
    answer,
    hookimpl,
    hours,
    minutes,
    objects_at,
    text_at,
    words_of,
)
from orderdesk_shopify import api
from orderdesk_shopify.settings import ShopSettings

FORCE = "Call the service, which has not answered. Closed at Shopify without its word, the order may still ship."
ID = "the fulfillment order's own number, such as 1046000788, or gid://shopify/FulfillmentOrder/1046000788"
WITHDRAWN = "withdrawn"
"""The reference of a request that withdrew the order, in place of asking its service."""


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_shopify.orderdesk_integration(),
        slug="shopify-fulfillment",
        title="Shopify fulfillment",
        settings=ShopSettings,
        role=Role.FULFILLMENT,
        cancel=(
            Button(ByCheck(every=minutes(5), give_up=hours(24)), reasons=FreeText()),
            Portal(FORCE),
        ),
        resubmit=NoResubmit("Shopify makes a replacement fulfillment order; request its fulfillment there"),
        remote_id=IdRule(r"([0-9]+|gid://shopify/FulfillmentOrder/[0-9]+)", 60, ID),
        statuses=(),
        actions=(),
        help_url="https://shopify.dev/docs/apps/build/orders-fulfillment",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    seen, verdict = yield from api.read(service, api.FULFILLMENT, order, api.answer_from_fulfillment_order, ID)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    is_unaccepted = text_at(seen, "data", "order", "requestStatus") == "SUBMITTED"
    actions = [action.get("action") for action in objects_at(seen, "data", "order", "supportedActions")]
    if ("CANCEL_FULFILLMENT_ORDER" if is_unaccepted else "REQUEST_CANCELLATION") not in actions:
        text = "Shopify offers no cancellation in this state"
        return answer.refused(seen, Refusal.NOT_ALLOWED, status=verdict.status, text=text, remedy="call the service")
    # Both are repeatable, for the order is read first at every try.
    if is_unaccepted:
        reply = yield api.ask(service, api.WITHDRAW, order, repeatable=True)
    else:
        reply = yield api.ask(service, api.ASK_BACK, {**order, "message": request.reason.text}, repeatable=True)
    if (without_data := api.answer_without_data(reply, wrote=True)) is not None:
        return without_data
    if not (errors := api.user_errors(reply)):
        return answer.asked(reply, reference=WITHDRAWN if is_unaccepted else None)
    # The service may have been faster.
    _, verdict = yield from api.read(service, api.FULFILLMENT, order, api.answer_from_fulfillment_order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    return answer.refused(reply, Refusal.NOT_ALLOWED, status=verdict.status, text=words_of(errors, ("message",)))


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order = {"id": api.gid("FulfillmentOrder", request.remote_id)}
    reading = partial(api.answer_from_fulfillment_order, withdrawn_by_us=request.reference == WITHDRAWN)
    _, verdict = yield from api.read(service, api.FULFILLMENT, order, reading)
    return verdict


@hookimpl
def orderdesk_receive(message: Message, service: Service[ShopSettings]) -> tuple[Hint, ...]:
    return api.hints_from_webhook(
        message,
        service.settings,
        "fulfillment_orders",
        "FulfillmentOrder",
        "fulfillment_order",
        "id",
    )
