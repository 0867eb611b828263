"""The maker: a button that only asks, for half an hour, then an e-mail; what became of it is polled.

The service is invented. What a plugin does where its service is not documented: it answers `unclear`, or it requires a
setting. It never guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_reference import api
from orderdesk_reference.settings import MakerSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    Eligibility,
    EligibilityRequest,
    Email,
    Flow,
    Integration,
    Limit,
    ManualConfirmation,
    NewNumber,
    OrderNotification,
    Polling,
    PollRequest,
    ReadPerOrder,
    ReasonCode,
    ReasonList,
    Rejection,
    RemoteOrder,
    ResubmitRequest,
    RuleAction,
    Service,
    StandardReason,
    WebhookList,
    WebhookRequest,
    WebhookSetup,
    WithinTime,
    answer,
    hookimpl,
    hours,
    minutes,
    text_at,
)

REASONS = (  # Each canonical reason stands for exactly one code: a gap would leave somebody without an answer.
    ReasonCode("ASKED", "The customer asked", {StandardReason.CUSTOMER_ASKED}),
    ReasonCode("STOCK", "Out of stock, or late", {StandardReason.OUT_OF_STOCK, StandardReason.LATE}),
    ReasonCode("DATA", "Wrong address or price", {StandardReason.ADDRESS, StandardReason.PRICING}),
    ReasonCode("RISK", "Fraud or duplicate", {StandardReason.FRAUD, StandardReason.DUPLICATE}),
    ReasonCode("OTHER", "Anything else", {StandardReason.OTHER}),
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="reference",
        title="Reference maker",
        settings=MakerSettings,
        base_url="base_url",
        auth=sign,
        cancel=(
            Button(
                # It only acknowledges it, so its response proves nothing: what became of it is polled.
                confirm=Polling(every=minutes(5), give_up=hours(24)),
                window=WithinTime(minutes(30)),
                fallback_on={Rejection.TOO_LATE},
                reasons=ReasonList(REASONS),
                eligibility=ReadPerOrder(),
                warning="stops the order before it is packed",
            ),
            Email(
                to="cancel_email_to",
                subject="cancel_email_subject",
                body="cancel_email_body",
                confirm=ManualConfirmation(remind_after=hours(4)),
            ),
        ),
        actions=(RuleAction("Cancel Order at Reference maker"),),
        resubmission=NewNumber(),
        limits={"*": Limit(5, burst=10)},
        identified_by={"read": api.NUMBER, "create": api.NUMBER},
        evidence_headers={"x-request-id"},
        redact_fields={"recipient"},
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[MakerSettings]) -> Flow[Answer]:
    response = yield api.cancel_order(service, request)
    if response.status_code == 409:  # It is canceled already, or it is too late: the order tells.
        there = yield api.read_order(service, request.remote_id)
        return api.answer_from_refusal(response, there)
    return api.answer_from_cancel(response, request.remote_id)


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[MakerSettings]) -> Flow[Answer]:
    response = yield api.read_order(service, request.remote_id)
    return api.answer_from_order(response) if response.is_success else api.answer_without_order(response)


@hookimpl
def orderdesk_read_eligibility(
    request: EligibilityRequest, service: Service[MakerSettings]
) -> Flow[Eligibility | Answer]:
    response = yield api.read_order(service, request.remote_id)
    return api.eligibility_in(response) if response.is_success else api.answer_without_order(response)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[MakerSettings]) -> Flow[Answer | RemoteOrder]:
    order, number = request.order, request.order.number
    found = yield api.read_order(service, number)
    if found.is_success:  # An earlier try whose response was lost had worked; or the number is somebody else's.
        if text_at(found, "order", "reference") == order.id:
            return service.remote_order(number)
        text, hint = f"it has another order {number} already", "look at it, then give another number"
        return answer.rejected(found, Rejection.NOT_ALLOWED, message=text, hint=hint)
    if found.status_code != 404:  # Who cannot see whether it is there must not make it.
        return api.answer_without_order(found)
    created = yield api.create_order(service, order)
    if created.status_code == 201 and text_at(created, "order", "number") == number:
        return service.remote_order(number)
    return api.answer_without_order(created)


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[MakerSettings]) -> Sequence[OrderNotification]:
    return api.notifications_from_webhook(request, service.settings)


@hookimpl
def orderdesk_webhooks(request: WebhookSetup, service: Service[MakerSettings]) -> Flow[WebhookList]:
    found = api.webhook_list((yield service.get(api.WEBHOOKS, operation="webhooks")))
    ours = [webhook for webhook in found.webhooks if webhook.address == request.address]
    if request.wanted is None or request.wanted is bool(ours):
        return found
    if request.wanted:
        yield service.post(api.WEBHOOKS, operation="register webhook", json={"address": request.address})
    for webhook in ours:
        yield service.request("DELETE", api.WEBHOOKS, webhook.id, operation="remove webhook")
    return api.webhook_list((yield service.get(api.WEBHOOKS, operation="webhooks")))
