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
    CancelRequestList,
    CancelRequests,
    ConnectionRole,
    Flow,
    FreeText,
    Integration,
    NoResubmission,
    OpenRequestQuery,
    Polling,
    Rejection,
    RespondRequest,
    RuleAction,
    Service,
    SettableStatus,
    SilenceMeans,
    StatusChangeRequest,
    answer,
    error_message,
    hookimpl,
    hours,
    minutes,
    text_at,
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
        # Its buyers ask us to cancel. Whoever says nothing has rejected it.
        cancel_requests=CancelRequests(
            deadline=hours(48),
            silence=SilenceMeans.REJECTED,
            every=minutes(10),
            codes={Rejection.SHIPPED: "SHIPPED"},
            enabled=lambda its: its.answer_requests,
        ),
        identified_by={"read": api.NUMBER, "label": api.NUMBER, "request": api.REQUEST},
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


@hookimpl
def orderdesk_list_cancel_requests(
    request: OpenRequestQuery, service: Service[CartSettings]
) -> Flow[CancelRequestList | Answer]:
    found = yield service.get("/requests", operation="list")
    return api.requests_in(found, request.remote_id) if found.is_success else api.answer_without_order(found)


@hookimpl
def orderdesk_respond(request: RespondRequest, service: Service[CartSettings]) -> Flow[Answer]:
    wanted = f"{request.answer.value}ed"
    # Read first: after a lost response it may be answered already.
    found = yield service.get("/requests", request.request_id, operation="request")
    if not found.is_success:
        return api.answer_without_order(found)
    if (state := text_at(found, "request", "state")) != "open":
        if state == wanted:
            return answer.changed(found, status=state)
        return answer.rejected(found, Rejection.NOT_ALLOWED, message=f"the request is {state}")
    answered = yield api.answer_request(service, request)
    if answered.is_success and text_at(answered, "request", "state") == wanted:
        return answer.changed(answered, status=wanted)
    return api.answer_without_order(answered)
