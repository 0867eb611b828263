"""MWW On Demand: the button asks, or an e-mail where it is closed or refused; the state polled is the answer."""

from __future__ import annotations

from orderdesk_mww import api
from orderdesk_mww.settings import TWO_MINUTES, MwwSettings, sign
from orderdesk_sdk.plugin import (
    Always,
    Answer,
    AnyOf,
    Button,
    CancelRequest,
    Email,
    Flow,
    Integration,
    NewNumber,
    NotStated,
    OrderNotification,
    Polling,
    PollRequest,
    Rejection,
    RemoteOrder,
    ResubmitRequest,
    Route,
    Service,
    StatedAt,
    Verification,
    WebhookRequest,
    WithinTime,
    answer,
    hookimpl,
    hours,
    is_rejection,
    minutes,
    submit_order,
    verify_token,
)

INGESTION = hours(1)  # MWW: an order may take so long to come in, and is not canceled before.


def routes_within(window: str) -> tuple[Route, ...]:
    """The button, then the e-mail. window: how long the button is tried, as the setting cancel_window says it.

    Order Desk's guide gives the button a minute or two. MWW's own text: until the order is packed.
    """
    button = Button(
        Polling(minutes(5), hours(4)),
        window=WithinTime(minutes(2)) if window == TWO_MINUTES else Always(),
        fallback_on={Rejection.TOO_LATE, Rejection.NOT_ALLOWED},
        warning="MWW refuses while it takes the order in, up to an hour, and once it is packed",
    )
    return button, Email(to="cancel_email_to", subject="cancel_email_subject", body="cancel_email_body")


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="mww",
        title="MWW On Demand",
        settings=MwwSettings,
        base_url="base_url",
        auth=sign,
        cancel=routes_within(TWO_MINUTES),
        routes_for=lambda settings: routes_within(settings.cancel_window),
        resubmission=NewNumber(),
        redact_fields=["name", "address1", "address2", "city", "postal-code", "phone", "email"],
        identified_by={
            "*": AnyOf(StatedAt("data", "attributes", "vendor-po"), StatedAt("data", "id")),
            "lines": NotStated("line items do not name their order; the order that was read before them does"),
        },
        help_url="https://mwwondemand.github.io",
        verified_by=Verification.PUBLISHED_API,
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    response = yield api.cancel_order(service, request.remote_id)
    if response.is_success:
        # Also where it says cancelled: that is polled.
        return answer.acknowledged(response, status=api.order_state(response))
    if not is_rejection(response):
        return api.ERRORS.answer_without_order(response)
    is_young = service.now - request.remote_order.submitted_at < INGESTION
    order = yield api.read_order(service, request.remote_id)
    verdict = api.answer_from_order(order)
    after_refusal = api.ERRORS.answer_after_read(
        response,
        order,
        verdict,
        request.remote_id,
        delay_reason="MWW may still be taking it in" if is_young else None,
    )
    if after_refusal is not None:
        return after_refusal
    why = "MWW has not yet taken it in, or it is packed already" if is_young else "MWW refused"
    return answer.rejected(
        response, Rejection.TOO_LATE, status=verdict.status, message=f"{why}: {api.ERRORS.message(response)}"
    )


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    return api.answer_from_order((yield api.read_order(service, request.remote_id)))


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[MwwSettings]) -> Flow[Answer | RemoteOrder]:
    order = request.order
    return (
        yield from submit_order(
            request,
            service,
            api.ERRORS,
            read=api.read_order(service, order.number),
            create=lambda: api.create_order(service, order),
            parse=api.answer_from_order,
            matches_order=api.has_lines_of,
            is_created=api.order_state,
            request_lines=lambda found: api.read_lines(service, found),
        )
    )


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[MwwSettings]) -> tuple[OrderNotification, ...]:
    # MWW signs nothing; what it says is polled.
    verify_token(request.query.get("token", ""), service.settings.webhook_token, location=api.WEBHOOK)
    return api.notifications_from_webhook(request)
