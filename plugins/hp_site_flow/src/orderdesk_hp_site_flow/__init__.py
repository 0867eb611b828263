"""HP Site Flow (formerly OneFlow): a cancel until the order ships; what was batched by then may still be produced."""

from __future__ import annotations

from orderdesk_hp_site_flow import api
from orderdesk_hp_site_flow.settings import SiteFlowSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    Flow,
    IdentifierFormat,
    Integration,
    Limit,
    NewNumber,
    OrderNotification,
    Outcome,
    Polling,
    PollRequest,
    RemoteOrder,
    ResubmitRequest,
    Service,
    Verification,
    WebhookRequest,
    answer,
    auth_or_rate_limit_answer,
    hookimpl,
    hours,
    is_rejection,
    json_object,
    minutes,
    notifications_by_profile,
    submit_order,
)

BATCHED_WARNING = "until shipped; an order canceled after it was batched and entered production may still be produced"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="hp-site-flow",
        title="HP Site Flow",
        settings=SiteFlowSettings,
        base_url="base_url",
        auth=sign,
        cancel=(Button(Polling(every=minutes(2), give_up=hours(24)), warning=BATCHED_WARNING),),
        resubmission=NewNumber(),
        identified_by={"*": api.numbers_in},
        remote_id_format=IdentifierFormat(
            r"(?!\.)[^+/\\]+",
            1000,
            "Site Flow's own clients do not agree on how a + is signed, and / or .. may not come through",
        ),
        limits={"*": Limit(15, burst=30)},  # Of 3,000 a minute.
        redact_fields=["shipTo", "returnAddress", "customerName", "email"],
        verified_by=Verification.VENDOR_CHECKED,
        help_url="https://oneflowsystems.freshdesk.com/support/solutions/articles/6000242593-how-to-cancel-an-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    number = request.remote_id
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    found = api.answer_from_order(there, number)
    if found.outcome in (Outcome.CANCELED, Outcome.REJECTED):
        return found
    before, own_id = found.status, (api.order_in(there, number) or {}).get("_id")
    names = (own_id,) if isinstance(own_id, str) and own_id else (service.settings.source_account, number)
    response = yield service.put(api.ORDERS, *names, "cancel", operation="cancel", idempotent=True)
    if response.is_success and not json_object(response).get("error"):
        return answer.acknowledged(response, status=before, message=api.caveat(before))
    if not is_rejection(response):
        return auth_or_rate_limit_answer(response, access_hint=api.ERRORS.access_hint) or answer.unknown(
            response, status=before
        )
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    lags = f"Site Flow does not know the order {number} (yet)"
    known = api.ERRORS.answer_after_read(
        response, there, api.answer_from_order(there, number, before), number, delay_reason=lags
    )
    return known or answer.not_processed(response, message=api.ERRORS.message(response), hint=api.ERRORS.access_hint)


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    response = yield service.get(api.BY_SOURCE, request.remote_id, operation="get")
    return api.answer_from_order(response, request.remote_id, request.status_since_request)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[SiteFlowSettings]) -> Flow[Answer | RemoteOrder]:
    order, settings = request.order, service.settings
    return (
        yield from submit_order(
            request,
            service,
            api.ERRORS,
            read=service.get(api.BY_SOURCE, order.number, operation="get"),
            create=lambda: service.post(api.ORDERS, operation="create", json=api.new_order(order, settings)),
            parse=lambda there: (
                api.answer_from_order(there, order.number) if api.order_in(there, order.number) else None
            ),
            matches_order=api.has_items_of,
            is_created=lambda made: api.order_in(made, order.number),
        )
    )


@hookimpl
def orderdesk_parse_webhook(
    request: WebhookRequest, service: Service[SiteFlowSettings]
) -> tuple[OrderNotification, ...]:
    its = service.settings
    return notifications_by_profile(its.webhook, request, its.webhook_token, api.WEBHOOK_EVENTS)
