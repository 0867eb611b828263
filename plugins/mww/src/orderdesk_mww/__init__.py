"""MWW On Demand: the button asks, and where it is closed or refused an e-mail does; the state read back is the answer.

From MWW's public API docs, March 2021 text; not verified against production. They do not tell how a refusal looks.
"""

from __future__ import annotations

from orderdesk_mww import orders
from orderdesk_mww.account import MwwSettings, auth_key, ladder
from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.clock import hours
from orderdesk_sdk.declaration import Evidence, Integration, NewNumber, fold
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.identity import AnyOf, NotStated, StatedAt
from orderdesk_sdk.order import Placement
from orderdesk_sdk.reading import complaint, text_at, turned_away
from orderdesk_sdk.request import CancelRequest, CheckRequest, ResubmitRequest

ACCESS = "check the API key of this connection with your MWW representative"
INGESTION = hours(1)  # MWW: an order may take so long to come in, and is not canceled before.
SAID = ("title", "detail")


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="mww", title="MWW On Demand", settings=MwwSettings, base_url="base_url", auth=auth_key,
        cancel=ladder("two minutes"), configured=lambda settings: ladder(settings.cancel_window), resubmit=NewNumber(),
        redact=["name", "address1", "address2", "city", "postal-code", "phone", "email"],
        identified_by={
            "*": AnyOf(StatedAt("data", "attributes", "vendor-po"), StatedAt("data", "id")),
            "lines": NotStated("line items do not name their order, which is in the path"),
        },
        help_url="https://mwwondemand.github.io", evidence=Evidence.PUBLISHED_API,
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    number, young = request.remote_id, service.now - request.placement.submitted_at < INGESTION
    body = {"data": {"type": "orders", "id": number, "attributes": {"request": "cancel"}}}
    reply = yield service.request("PATCH", orders.ORDERS, number, operation="cancel", repeatable=True, json=body)
    if reply.is_success:
        # Also where it says cancelled: that is read back.
        return answer.asked(reply, status=text_at(reply, *orders.STATE))
    if reply.status_code == 404 and young:
        return answer.not_done(reply, text=f"MWW does not know {number} yet, and may still be taking it in")
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=f"MWW does not know the order {number}")
    if reply.status_code in (401, 429) or not reply.is_client_error:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    verdict = yield from orderdesk_check(CheckRequest(request.order, request.placement), service)
    if verdict.outcome in (Outcome.CANCELED, Outcome.REFUSED):
        return verdict
    why = "MWW has not yet taken it in, or it is packed already" if young else "MWW refused"
    return answer.refused(reply, Refusal.TOO_LATE, status=verdict.status, text=f"{why}: {complaint(reply, parts=SAID)}")


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    reply = yield service.get(orders.ORDERS, request.remote_id, operation="get")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    match fold(state := text_at(reply, *orders.STATE)):
        case "canceled":
            return answer.canceled(reply, status=state)
        case "shipped" | "packed" as stage:
            return answer.refused(reply, Refusal.SHIPPED if stage == "shipped" else Refusal.TOO_LATE, status=state)
        case "received":
            return answer.pending(reply, status=state)
        case _:
            return answer.unclear(reply, status=state, text=f"not a documented state: {state!r}")


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[MwwSettings]) -> Flow[Answer | Placement]:
    order, number, key = request.order, request.order.number, service.settings.design_key
    if bare := [line.code or line.name for line in order.lines if not line.metadata.get(key)]:
        text, remedy = f"no design for {', '.join(bare)}", f"put its URL into the line's metadata as {key}"
        return answer.refused(None, Refusal.NOT_ALLOWED, text=text, remedy=remedy)
    there = yield service.get(orders.ORDERS, number, operation="get")
    if there.is_success:
        lines = yield service.get(orders.ORDERS, text_at(there, "data", "id"), "line-items", operation="lines")
        if lines.is_success and orders.same_lines(lines, order):
            return service.placement(number)  # An earlier create of ours, whose reply was lost, had worked.
        text = f"MWW has an order {number} already, and its lines could not be found to be these"
        return answer.refused(lines, Refusal.NOT_ALLOWED, text=text, remedy="look at it, then give another number")
    if there.status_code != 404:
        return turned_away(there, check=ACCESS) or answer.unclear(there)
    made = yield service.post(orders.ORDERS, operation="create", json=orders.new_order(order, service.settings))
    if made.is_success and text_at(made, *orders.STATE):  # Raises where the page is no order.
        return service.placement(number)
    if made.status_code in (400, 422):
        text, remedy = complaint(made, parts=SAID), f"if {number} is used, see whether by an earlier try of this order"
        return answer.refused(made, Refusal.NOT_ALLOWED, text=text, remedy=remedy)
    return turned_away(made, check=ACCESS) or answer.unclear(made)
