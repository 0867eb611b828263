"""CommerceHub: a supplier tells the retailer what it will not fill; what became of it is polled, line by line."""

from __future__ import annotations

from orderdesk_commercehub import api
from orderdesk_commercehub.settings import HubSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    ConnectionRole,
    Flow,
    Integration,
    Limit,
    NoResubmission,
    Outcome,
    Polling,
    PollRequest,
    Portal,
    ReasonList,
    Scope,
    Service,
    Verification,
    answer,
    hookimpl,
    hours,
    minutes,
    not_processed_answer,
    reasons_by_order_field,
    require_success,
)

LISTS = reasons_by_order_field("reasons", "retailer_field")
BUTTON = Button(
    Polling(every=minutes(1), give_up=hours(2)),
    reasons=ReasonList(api.CODES, codes_for=LISTS),
    scope=Scope.QUANTITIES,
)
FILE = Portal(
    "call orderdesk_commercehub.orderstream.write_confirm, upload the file, see in OrderStream what came of it",
    reasons=ReasonList((), codes_for=LISTS),
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="commercehub",
        title="CommerceHub",
        role=ConnectionRole.CART,
        settings=HubSettings,
        base_url="base_url",
        auth=sign,
        cancel=(BUTTON,),
        routes_for=lambda its: (FILE if its.mode == "orderstream" else BUTTON,),
        resubmission=NoResubmission(
            "a supplier cannot reopen a canceled retailer order; the retailer issues a new one"
        ),
        identified_by=api.identities,
        limits={"order": Limit(8, burst=10)},  # 10 a second, 500 a minute; of the other calls no limit is known
        redact_fields=[
            "shipping",
            "shipTo",
            "billing",
            "billTo",
            "customer",
            "firstName",
            "lastName",
            "email",
            "phone",
        ],
        verified_by=Verification.VENDOR_CHECKED,
        help_url="https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[HubSettings]) -> Flow[Answer]:
    response = yield api.read_order(request, service)
    if missing := api.answer_if_missing(response, request, service):
        return missing
    its, found = service.settings, require_success(response, access_hint=api.ACCESS_HINT, fallback=not_processed_answer)
    body = api.cancel_body(found, api.service_lines(found, request, its), request, its)
    made = yield service.post(api.CANCEL, operation="cancel", json=body)
    return api.answer_from_cancel(made)


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[HubSettings]) -> Flow[Answer]:
    if service.settings.mode == "orderstream":
        return answer.unknown(None, message="OrderStream cannot be polled")
    response = require_success(
        (yield api.read_order(request, service)), access_hint=api.ACCESS_HINT, error_key="messages"
    )
    there = api.service_lines(response, request, service.settings)
    verdict = there.answer_for(response, request.lines)
    if verdict.outcome is not Outcome.PENDING or request.request_reference is None:
        return verdict
    log = yield service.get(api.LOG, operation="log", params={"requestId": request.request_reference})
    return api.answer_from_log(log, there, request) or verdict
