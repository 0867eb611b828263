"""The cart, a second integration: it cancels many orders in one call, and takes other statuses than canceled."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_reference import (
    api,
    orderdesk_poll,  # noqa: F401 - a hook of this module too
)
from orderdesk_reference.settings import CartSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Batch,
    Button,
    CancelRequest,
    ConnectionRole,
    Flow,
    FreeText,
    Integration,
    NoResubmission,
    Polling,
    Rejection,
    RuleAction,
    Service,
    SettableStatus,
    StatusChangeRequest,
    answer,
    error_message,
    hookimpl,
    hours,
    minutes,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="reference-cart",
        title="Reference cart",
        settings=CartSettings,
        base_url="base_url",
        role=ConnectionRole.CART,  # It is told last, when every maker of the order has canceled.
        auth=sign,
        cancel=(
            Button(
                Polling(every=minutes(5), give_up=hours(24)),
                reasons=FreeText(max_length=80),
                batch=Batch(collect_for=minutes(2), max_size=20),
            ),
        ),
        statuses=(SettableStatus("on hold", "On hold"), SettableStatus("released", "Released")),
        actions=(
            RuleAction("Cancel Order at Reference cart"),
            RuleAction("Hold Order at Reference cart", status="on hold"),
        ),
        resubmission=NoResubmission("the buyer orders again"),
        identified_by={"read": api.NUMBER, "label": api.NUMBER},
    )


@hookimpl
def orderdesk_cancel_many(requests: Sequence[CancelRequest], service: Service[CartSettings]) -> Flow[Sequence[Answer]]:
    response = yield api.cancel_orders(service, requests)
    if not response.is_success:
        return [api.answer_without_order(response)] * len(requests)
    return api.answers_from_cancels(response, [request.remote_id for request in requests])


@hookimpl
def orderdesk_change_status(request: StatusChangeRequest, service: Service[CartSettings]) -> Flow[Answer]:
    # Read first: after a lost response it may be set already, and whoever sets it twice may mail a customer twice.
    order = yield api.read_order(service, request.remote_id)
    if not order.is_success:
        return api.answer_without_order(order)
    if api.has_label(order, request.status):
        return answer.changed(order, status=request.status)
    response = yield api.label_order(service, request.remote_id, request.status)
    if response.is_success and api.has_label(response, request.status):
        return answer.changed(response, status=request.status)
    if response.status_code == 409:
        return answer.rejected(response, Rejection.NOT_ALLOWED, message=error_message(response))
    return api.answer_without_order(response)
