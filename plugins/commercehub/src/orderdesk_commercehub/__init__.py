"""CommerceHub: a supplier tells the retailer what it will not fill; what became of it is read back, line by line."""

from __future__ import annotations

from orderdesk_commercehub import api
from orderdesk_commercehub.settings import HubSettings, sign
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByCheck,
    CancelRequest,
    CheckRequest,
    ClosedList,
    Evidence,
    Flow,
    Integration,
    Limit,
    NoResubmit,
    Outcome,
    Portal,
    Role,
    Scope,
    Service,
    answer,
    hookimpl,
    hours,
    listed_by,
    minutes,
    need,
    nothing_done,
)

LISTS = listed_by("reasons", "retailer_field")
BUTTON = Button(
    ByCheck(every=minutes(1), give_up=hours(2)),
    reasons=ClosedList(api.CODES, configured=LISTS),
    scope=Scope.QUANTITIES,
)
FILE = Portal(
    "call orderdesk_commercehub.orderstream.write_confirm, upload the file, see in OrderStream what came of it",
    reasons=ClosedList((), configured=LISTS),
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="commercehub",
        title="CommerceHub",
        role=Role.CART,
        settings=HubSettings,
        base_url="base_url",
        auth=sign,
        cancel=(BUTTON,),
        configured=lambda its: (FILE if its.mode == "orderstream" else BUTTON,),
        resubmit=NoResubmit("a supplier cannot reopen a canceled retailer order; the retailer issues a new one"),
        identified_by=api.identities,
        limits={"order": Limit(8, burst=10)},  # 10 a second, 500 a minute; of the other calls no limit is known
        redact=["shipping", "shipTo", "billing", "billTo", "customer", "firstName", "lastName", "email", "phone"],
        evidence=Evidence.VENDOR_CHECKED,
        help_url="https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[HubSettings]) -> Flow[Answer]:
    reply = yield api.read_order(request, service)
    if missing := api.not_there(reply, request, service):
        return missing
    its, found = service.settings, need(reply, check=api.ACCESS, otherwise=nothing_done)
    body = api.cancel_body(found, api.lines_there(found, request, its), request, its)
    made = yield service.post(api.CANCEL, operation="cancel", json=body)
    return api.cancel_answer(made)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[HubSettings]) -> Flow[Answer]:
    if service.settings.mode == "orderstream":
        return answer.unclear(None, text="OrderStream cannot be read back")
    reply = need((yield api.read_order(request, service)), check=api.ACCESS, own="messages")
    there = api.lines_there(reply, request, service.settings)
    verdict = there.judge(reply, request.lines)
    if verdict.outcome is not Outcome.PENDING or request.reference is None:
        return verdict
    log = yield service.get(api.LOG, operation="log", params={"requestId": request.reference})
    return api.log_answer(log, there, request) or verdict
