"""CommerceHub: a supplier tells the retailer what it will not fill; what became of it is polled, line by line."""

from __future__ import annotations

from orderdesk_commercehub import api, requests
from orderdesk_commercehub.settings import HubSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    CancelRequestList,
    CancelRequests,
    ConnectionRole,
    Flow,
    Integration,
    Limit,
    NoResubmission,
    OpenRequestQuery,
    Outcome,
    Polling,
    PollRequest,
    Portal,
    ReasonList,
    Rejection,
    RespondRequest,
    Scope,
    Service,
    SilenceMeans,
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
        cancel_requests=CancelRequests(
            # A supplier may leave a request unanswered, and ship; no deadline is published.
            silence=SilenceMeans.NOTHING,
            every=minutes(10),
            by_line=True,
            reject_by_hand="Reject the request in Dsco's portal, or ignore it and ship",
            enabled=lambda its: its.answer_requests and its.mode == "dsco",
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
    found, its = (yield api.read_order(request, service)), service.settings
    if missing := api.answer_if_missing(found, request, service):
        return missing
    require_success(found, access_hint=api.ACCESS_HINT, fallback=not_processed_answer)
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


@hookimpl
def orderdesk_list_cancel_requests(
    request: OpenRequestQuery, service: Service[HubSettings]
) -> Flow[CancelRequestList | Answer]:
    return (yield from requests.list_open(request, service))


@hookimpl
def orderdesk_respond(request: RespondRequest, service: Service[HubSettings]) -> Flow[Answer]:
    found, its = (yield api.read_order(request, service)), service.settings
    if missing := api.answer_if_missing(found, request, service):
        return missing
    require_success(found, access_hint=api.ACCESS_HINT, error_key="messages", fallback=not_processed_answer)
    there = api.service_lines(found, request, its)
    if taken := requests.answer_if_canceled(found, there, request):
        return taken
    if request.may_have_answered:
        return answer.pending(found, message="Dsco does not show the lines as canceled yet")
    if not requests.is_requested(found):
        return answer.rejected(found, Rejection.NOT_ALLOWED, message="the retailer no longer requests it")
    made = yield service.post(
        api.CANCEL, operation="cancel", json=requests.acceptance(found, there, request, LISTS, its)
    )
    taken = api.answer_from_cancel(made)
    if taken.outcome is not Outcome.ACKNOWLEDGED:
        return taken
    again = yield api.read_order(request, service)
    if not again.is_success:  # The cancel was taken, whatever this read says.
        return answer.unknown(again)
    verdict = requests.answer_if_canceled(again, api.service_lines(again, request, its), request)
    return verdict or answer.pending(again, message="Dsco has taken the cancel, and does not show it yet")
