"""Amazon Multi-Channel Fulfillment: the button only asks; MCF decides, and what it decided is read back."""

from __future__ import annotations

from orderdesk_amazon_mcf import api
from orderdesk_amazon_mcf.settings import McfSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByCheck,
    CancelRequest,
    CheckRequest,
    Evidence,
    Flow,
    IdRule,
    InputError,
    Integration,
    Limit,
    NewNumber,
    NotStated,
    Outcome,
    Placement,
    Refusal,
    ResubmitRequest,
    Service,
    StatedAt,
    WhileStatus,
    answer,
    complaint,
    hookimpl,
    hours,
    minutes,
    turned_away,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-mcf",
        title="Amazon MCF",
        settings=McfSettings,
        base_url="endpoint",
        auth=sign,
        cancel=(Button(ByCheck(every=minutes(2), give_up=hours(24)), WhileStatus(api.OPEN, until="picking")),),
        resubmit=NewNumber(),
        identified_by={
            "get": StatedAt("payload", "fulfillmentOrder", "sellerFulfillmentOrderId"),
            "create": NotStated("createFulfillmentOrder answers an empty object"),
        },
        remote_id=IdRule(r"[A-Za-z0-9._#-]+", 40, "Amazon turns + into a space and answers 403 to ids with spaces"),
        limits={"*": Limit(2, burst=30)},
        rate_header="x-amzn-ratelimit-limit",
        evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact=["destinationAddress", "notificationEmails"],
        evidence=Evidence.VENDOR_CHECKED,
        help_url="https://developer-docs.amazon.com/sp-api/docs/cancel-fulfillment-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.put(api.ORDERS, request.remote_id, "cancel", operation="cancel", repeatable=True)
    if api.succeeded(reply):  # It was taken, and says no more.
        return answer.asked(reply)
    if reply.status_code not in (400, 404):
        return api.nothing_read(reply)
    there = yield service.get(api.ORDERS, request.remote_id, operation="get")
    if not there.is_success:
        # A 404 on the cancel alone may be of its path; on both, and in Amazon's words, of the id.
        if there.status_code == reply.status_code == 404 and api.nothing_read(there).outcome is Outcome.UNCLEAR:
            return answer.refused(there, Refusal.NOT_ALLOWED, text=api.UNKNOWN)
        return api.nothing_read(there)
    verdict = api.verdict(there)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if (verdict.status or "").lower() != "processing":  # The status allows it still: it is asked again.
        return turned_away(reply, check=api.ACCESS, own="errors") or answer.not_done(reply, text=complaint(reply))
    return answer.refused(
        reply,
        Refusal.TOO_LATE,
        status=verdict.status,
        text=complaint(reply),
        remedy=api.TOO_LATE,
    )


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.get(api.ORDERS, request.remote_id, operation="get")
    return api.verdict(reply) if reply.is_success else api.nothing_read(reply)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[McfSettings]) -> Flow[Answer | Placement]:
    number, made = request.order.number, None
    there = yield service.get(api.ORDERS, number, operation="get")
    if there.status_code in (400, 404) and api.nothing_read(there).outcome is Outcome.UNCLEAR:
        try:
            body = api.new_order(request.order, service.settings, service.now)
        except InputError as error:
            return answer.refused(there, Refusal.NOT_ALLOWED, text=str(error), remedy=error.remedy)
        made = yield service.post(api.ORDERS, operation="create", json=body)
        if api.succeeded(made):
            return service.placement(number)
        there = yield service.get(api.ORDERS, number, operation="get")
    if there.is_success:  # It is ours only if a create of ours, this one or an earlier one, may have worked.
        if api.is_ours(there, request.order) and (made is not None or request.unsure):
            return service.placement(number)
        return answer.refused(there, Refusal.NOT_ALLOWED, text=api.TAKEN, remedy=api.OTHER)
    if made is not None and made.status_code == 400:
        return answer.refused(made, Refusal.NOT_ALLOWED, text=complaint(made))
    return api.nothing_read(there if made is None else made)
