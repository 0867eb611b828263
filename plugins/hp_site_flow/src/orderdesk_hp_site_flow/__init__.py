"""HP Site Flow (formerly OneFlow): a cancel until the order ships; what was batched by then may still be produced."""

from __future__ import annotations

from orderdesk_hp_site_flow import api
from orderdesk_hp_site_flow.settings import SiteFlowSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByCheck,
    CancelRequest,
    CheckRequest,
    Evidence,
    Flow,
    Hint,
    IdRule,
    Integration,
    Limit,
    Message,
    NewNumber,
    NotStated,
    Outcome,
    Placement,
    ResubmitRequest,
    Service,
    answer,
    hookimpl,
    hours,
    json_object,
    minutes,
    postback_hints,
    submit,
    turned_away,
    turned_down,
)

NOTE = "until shipped; an order canceled after it was batched and entered production may still be produced"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="hp-site-flow",
        title="HP Site Flow",
        settings=SiteFlowSettings,
        base_url="base_url",
        auth=sign,
        cancel=(Button(ByCheck(every=minutes(2), give_up=hours(24)), note=NOTE),),
        resubmit=NewNumber(),
        identified_by={
            "*": api.numbers_in,
            "cancel": NotStated("what a cancel is answered is not documented"),
        },
        remote_id=IdRule(
            r"(?!\.)[^+/\\]+",
            1000,
            "Site Flow's own clients do not agree on how a + is signed, and / or .. may not come through",
        ),
        limits={"*": Limit(15, burst=30)},  # Of 3,000 a minute.
        redact=["shipTo", "returnAddress", "customerName", "email"],
        evidence=Evidence.VENDOR_CHECKED,
        help_url="https://oneflowsystems.freshdesk.com/support/solutions/articles/6000242593-how-to-cancel-an-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    number = request.remote_id
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    found = api.standing(there, number)
    if found.outcome in (Outcome.CANCELED, Outcome.REFUSED):
        return found
    before, own_id = found.status, (api.order_in(there, number) or {}).get("_id")
    names = (own_id,) if isinstance(own_id, str) and own_id else (service.settings.source_account, number)
    reply = yield service.put(api.ORDERS, *names, "cancel", operation="cancel", repeatable=True)
    if reply.is_success and not json_object(reply).get("error"):
        return answer.asked(reply, status=before, text=api.caveat(before))
    if not turned_down(reply):
        return turned_away(reply, check=api.ERRORS.check) or answer.unclear(reply, status=before)
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    lags = f"Site Flow does not know the order {number} (yet)"
    known = api.ERRORS.after_reading(reply, there, api.standing(there, number, before), number, lags=lags)
    return known or answer.not_done(reply, text=api.ERRORS.words(reply), remedy=api.ERRORS.check)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    reply = yield service.get(api.BY_SOURCE, request.remote_id, operation="get")
    return api.standing(reply, request.remote_id, request.status_since)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[SiteFlowSettings]) -> Flow[Answer | Placement]:
    order, settings = request.order, service.settings
    return (
        yield from submit(
            request,
            service,
            api.ERRORS,
            look=service.get(api.BY_SOURCE, order.number, operation="get"),
            create=lambda: service.post(api.ORDERS, operation="create", json=api.new_order(order, settings)),
            find=lambda there: api.standing(there, order.number) if api.order_in(there, order.number) else None,
            is_ours=api.has_items_of,
            is_made=lambda made: api.order_in(made, order.number),
        )
    )


@hookimpl
def orderdesk_receive(message: Message, service: Service[SiteFlowSettings]) -> tuple[Hint, ...]:
    its = service.settings
    return postback_hints(its.postback, message, its.postback_token, api.POSTBACK_WORDS)
