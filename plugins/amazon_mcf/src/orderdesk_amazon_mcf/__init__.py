"""Amazon Multi-Channel Fulfillment: the button only asks; MCF decides, and what it decided is polled."""

from __future__ import annotations

from orderdesk_amazon_mcf import api
from orderdesk_amazon_mcf.settings import McfSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    Flow,
    IdentifierFormat,
    Integration,
    Limit,
    NewNumber,
    NotStated,
    OrderNotification,
    Outcome,
    Polling,
    PollRequest,
    Rejection,
    RemoteOrder,
    ResubmitRequest,
    Service,
    StatedAt,
    ValidationError,
    Verification,
    WebhookRequest,
    WhileStatus,
    answer,
    auth_or_rate_limit_answer,
    error_message,
    hookimpl,
    hours,
    minutes,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-mcf",
        title="Amazon MCF",
        settings=McfSettings,
        base_url="endpoint",
        auth=sign,
        cancel=(Button(Polling(every=minutes(2), give_up=hours(24)), WhileStatus(api.OPEN, closes_at="picking")),),
        resubmission=NewNumber(),
        identified_by={
            "get": StatedAt("payload", "fulfillmentOrder", "sellerFulfillmentOrderId"),
            "create": NotStated("createFulfillmentOrder answers an empty object"),
        },
        remote_id_format=IdentifierFormat(
            r"[A-Za-z0-9._#-]+", 40, "Amazon turns + into a space and answers 403 to ids with spaces"
        ),
        limits={"*": Limit(2, burst=30)},
        rate_header="x-amzn-ratelimit-limit",
        evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact_fields=["destinationAddress", "notificationEmails"],
        verified_by=Verification.VENDOR_CHECKED,
        help_url="https://developer-docs.amazon.com/sp-api/docs/cancel-fulfillment-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[McfSettings]) -> Flow[Answer]:
    response = yield service.put(api.ORDERS, request.remote_id, "cancel", operation="cancel", idempotent=True)
    if api.succeeded(response):  # It was taken, and says no more.
        return answer.acknowledged(response)
    if response.status_code not in (400, 404):
        return api.answer_without_order(response)
    there = yield service.get(api.ORDERS, request.remote_id, operation="get")
    if not there.is_success:
        # A 404 on the cancel alone may be of its path; on both, and in Amazon's words, of the id.
        if (
            there.status_code == response.status_code == 404
            and api.answer_without_order(there).outcome is Outcome.UNKNOWN
        ):
            return answer.rejected(there, Rejection.NOT_ALLOWED, message=api.UNKNOWN)
        return api.answer_without_order(there)
    verdict = api.answer_from_order(there)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if (verdict.status or "").lower() != "processing":  # The status allows it still: it is asked again.
        return auth_or_rate_limit_answer(
            response, access_hint=api.ACCESS_HINT, error_key="errors"
        ) or answer.not_processed(response, message=error_message(response))
    return answer.rejected(
        response,
        Rejection.TOO_LATE,
        status=verdict.status,
        message=error_message(response),
        hint=api.TOO_LATE_HINT,
    )


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[McfSettings]) -> Flow[Answer]:
    response = yield service.get(api.ORDERS, request.remote_id, operation="get")
    return api.answer_from_order(response) if response.is_success else api.answer_without_order(response)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[McfSettings]) -> Flow[Answer | RemoteOrder]:
    number, made = request.order.number, None
    there = yield service.get(api.ORDERS, number, operation="get")
    if there.status_code in (400, 404) and api.answer_without_order(there).outcome is Outcome.UNKNOWN:
        try:
            body = api.new_order(request.order, service.settings, service.now)
        except ValidationError as error:
            return answer.rejected(there, Rejection.NOT_ALLOWED, message=str(error), hint=error.hint)
        made = yield service.post(api.ORDERS, operation="create", json=body)
        if api.succeeded(made):
            return service.remote_order(number)
        there = yield service.get(api.ORDERS, number, operation="get")
    if there.is_success:  # It is ours only if a create of ours, this one or an earlier one, may have worked.
        if api.matches_order(there, request.order) and (made is not None or request.may_exist):
            return service.remote_order(number)
        return answer.rejected(there, Rejection.NOT_ALLOWED, message=api.NUMBER_IN_USE, hint=api.NUMBER_IN_USE_HINT)
    if made is not None and made.status_code == 400:
        return answer.rejected(made, Rejection.NOT_ALLOWED, message=error_message(made))
    return api.answer_without_order(there if made is None else made)


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest) -> tuple[OrderNotification, ...]:
    return api.notifications_from_queue(request)
