"""HP Site Flow (formerly OneFlow): a cancel until the order ships; what was batched by then may still be produced."""

from __future__ import annotations

from orderdesk_hp_site_flow import api
from orderdesk_hp_site_flow.account import SiteFlowSettings, signature
from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import Button, ByCheck, Evidence, IdRule, Integration, Limit, NewNumber, fold
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.message import Hint, HintKind, Message
from orderdesk_sdk.order import Placement
from orderdesk_sdk.postback import postback_hints
from orderdesk_sdk.reading import complaint, json_object, text_at, turned_away
from orderdesk_sdk.request import CancelRequest, CheckRequest, ResubmitRequest

ACCESS = "check token, secret and source_account of this connection with the print company"
NOTE = "until shipped; an order canceled after it was batched and entered production may still be produced"
LIMIT = Limit(15, burst=30)  # For each of the operations get, cancel and create: 3,000 calls a minute are allowed.
GONE = {"shipped": HintKind.SHIPPED, "shipmentshipped": HintKind.SHIPPED}
SAID = {"canceled": HintKind.CANCELED, "ordercanceled": HintKind.CANCELED, **GONE}
SIGNS = "Site Flow's own clients do not agree on how a + is signed, and / or .. may not come through"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="hp-site-flow", title="HP Site Flow", settings=SiteFlowSettings, base_url="base_url", auth=signature,
        cancel=(Button(ByCheck(every=minutes(2), give_up=hours(24)), note=NOTE),), resubmit=NewNumber(),
        remote_id=IdRule(r"(?!\.)[^+/\\]+", 1000, SIGNS), limits={"*": LIMIT},
        identified_by={"*": api.numbers_in},
        redact=["shipTo", "returnAddress", "customerName", "email"], evidence=Evidence.VENDOR_CHECKED,
        help_url="https://oneflowsystems.freshdesk.com/support/solutions/articles/6000242593-how-to-cancel-an-order",
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    there = reply = yield service.get(api.BY_SOURCE, request.remote_id, operation="get")
    if away := turned_away(there, check=ACCESS):
        return away
    found = api.order_in(there, request.remote_id)
    before = text_at(there, *api.STATUS, within=found) if found is not None else None
    if before is None or fold(before) not in ("canceled", "shipped"):
        own = found.get("_id") if found is not None else None
        names = (own,) if isinstance(own, str) and own else (service.settings.source_account, request.remote_id)
        reply = yield service.put(api.ORDERS, *names, "cancel", operation="cancel", repeatable=True)
        if reply.is_success and not json_object(reply).get("error"):
            return answer.asked(reply, status=before, text=_caveat(before))
        if reply.status_code in (401, 403, 429) or not reply.is_client_error:
            return turned_away(reply, check=ACCESS) or answer.unclear(reply, status=before)
    verdict = yield from orderdesk_check(CheckRequest(request.order, request.placement), service)
    if verdict.outcome in (Outcome.CANCELED, Outcome.REFUSED):
        return verdict
    unknown = "" if found is not None else f"Site Flow does not know the order {request.remote_id} (yet): "
    return answer.not_done(reply, text=unknown + complaint(reply, "error"), remedy=ACCESS)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    reply = yield service.get(api.BY_SOURCE, request.remote_id, operation="get")
    if away := turned_away(reply, check=ACCESS):
        return away
    if (found := api.order_in(reply, request.remote_id)) is None:
        return answer.unclear(reply, text=f"Site Flow shows no order {request.remote_id}")
    match fold(status := text_at(reply, *api.STATUS, within=found)):
        case "canceled":
            return answer.canceled(reply, status=status, text=_caveat(request.status_since))
        case "shipped":
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "pending" | "dataready" | "printready" | "complete" | "error":
            return answer.pending(reply, status=status)
        case _:
            return answer.unclear(reply, status=status, text=f"not a documented status: {status!r}")


def _caveat(before: str | None) -> str | None:
    """What a person must know of a cancel, by the status before it; None where production had not begun."""
    stood = "nobody knows how far it was" if fold(before or "") in ("", "canceled") else f"it was {before}"
    warning = f"{stood} before: what was batched by then may still be produced; ask the print company to stop it"
    return None if fold(before or "") in ("pending", "dataready") else warning


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[SiteFlowSettings]) -> Flow[Answer | Placement]:
    number, body = request.order.number, api.new_order(request.order, service.settings)
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    if away := turned_away(there, check=ACCESS):
        return away
    if (found := api.order_in(there, number)) is not None:
        if api.same_items(there, found, request.order):
            return service.placement(number)  # An earlier create of ours, whose reply was lost, had worked.
        text = f"Site Flow has another order {number} already"
        return answer.refused(there, Refusal.NOT_ALLOWED, text=text, remedy="look at it, or give another number")
    made = yield service.post(api.ORDERS, operation="create", json=body)
    if made.is_success and api.order_in(made, number) is not None:
        return service.placement(number)
    if made.status_code in (400, 422):
        text, remedy = complaint(made, "error", details="validations"), f"mend it; {number} may also be used already"
        return answer.refused(made, Refusal.NOT_ALLOWED, text=text, remedy=remedy)
    return turned_away(made, check=ACCESS) or answer.unclear(made)


@hookimpl
def orderdesk_receive(message: Message, service: Service[SiteFlowSettings]) -> tuple[Hint, ...]:
    return postback_hints(service.settings.postback, message, service.settings.postback_token, SAID)
