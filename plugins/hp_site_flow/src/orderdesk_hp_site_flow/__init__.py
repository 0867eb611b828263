"""HP Site Flow (formerly OneFlow): a cancel until the order ships; what was batched by then may still be produced."""

from __future__ import annotations

from functools import partial

import httpx
from attrs import evolve

from orderdesk_hp_site_flow import api
from orderdesk_hp_site_flow.account import SiteFlowSettings, signature
from orderdesk_hp_site_flow.api import ERRORS
from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import Button, ByCheck, Evidence, IdRule, Integration, Limit, NewNumber, fold
from orderdesk_sdk.demands import refusing
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.identity import NotStated
from orderdesk_sdk.message import Hint, HintKind, Message
from orderdesk_sdk.order import Placement
from orderdesk_sdk.own_errors import turned_down
from orderdesk_sdk.postback import postback_hints
from orderdesk_sdk.reading import json_object, nothing_done, turned_away
from orderdesk_sdk.request import CancelRequest, CheckRequest, ResubmitRequest
from orderdesk_sdk.submitting import look_before_create, not_created

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
        identified_by={"*": api.numbers_in, "cancel": NotStated("what a cancel is answered is not documented")},
        redact=["shipTo", "returnAddress", "customerName", "email"], evidence=Evidence.VENDOR_CHECKED,
        help_url="https://oneflowsystems.freshdesk.com/support/solutions/articles/6000242593-how-to-cancel-an-order",
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    number = request.remote_id
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    found = _standing(there, number, None)
    if found.outcome in (Outcome.CANCELED, Outcome.REFUSED, Outcome.NOT_DONE):
        return found
    if not there.is_success and not ERRORS.is_unknown(there):
        return nothing_done(there)
    before, own = found.status, (api.order_in(there, number) or {}).get("_id")
    names = (own,) if isinstance(own, str) and own else (service.settings.source_account, number)
    reply = yield service.put(api.ORDERS, *names, "cancel", operation="cancel", repeatable=True)
    if reply.is_success and not json_object(reply).get("error"):
        return answer.asked(reply, status=before, text=_caveat(before))
    if not turned_down(reply):
        return turned_away(reply, check=ERRORS.check) or answer.unclear(reply, status=before)
    there = yield service.get(api.BY_SOURCE, number, operation="get")
    found = _standing(there, number, before)
    lags = f"Site Flow does not know the order {number} (yet)" if found.status is None else None
    known = ERRORS.after_reading(reply, there, found, number, lags=lags)
    return known or answer.not_done(reply, text=ERRORS.words(reply), remedy=ERRORS.check)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[SiteFlowSettings]) -> Flow[Answer]:
    reply = yield service.get(api.BY_SOURCE, request.remote_id, operation="get")
    return _standing(reply, request.remote_id, request.status_since)


def _standing(reply: httpx.Response, number: str, before: str | None) -> Answer:
    found = api.standing(reply, number) or answer.unclear(reply, text=f"Site Flow shows no order {number}")
    return evolve(found, text=_caveat(before)) if found.outcome is Outcome.CANCELED else found


def _caveat(before: str | None) -> str | None:
    """What a person must know of a cancel, by the status before it; None where production had not begun."""
    stood = "nobody knows how far it was" if fold(before or "") in ("", "canceled") else f"it was {before}"
    warning = f"{stood} before: what was batched by then may still be produced; ask the print company to stop it"
    return None if fold(before or "") in ("pending", "dataready") else warning


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[SiteFlowSettings]) -> Flow[Answer | Placement]:
    number = request.order.number
    with refusing():
        body = api.new_order(request.order, service.settings)
    look = service.get(api.BY_SOURCE, number, operation="get")
    known = yield from look_before_create(
        request, service, look, partial(api.standing, number=number), api.has_items_of
    )
    if known is not None:
        return known
    made = yield service.post(api.ORDERS, operation="create", json=body)
    if made.is_success and api.order_in(made, number) is not None:
        return service.placement(number)
    return not_created(made, number, ERRORS)


@hookimpl
def orderdesk_receive(message: Message, service: Service[SiteFlowSettings]) -> tuple[Hint, ...]:
    return postback_hints(service.settings.postback, message, service.settings.postback_token, SAID)
