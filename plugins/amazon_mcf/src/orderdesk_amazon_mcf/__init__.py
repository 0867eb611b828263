"""Amazon Multi-Channel Fulfillment: the button only asks; MCF decides, and what it decided is read back.

A 200 only means that the request was taken; how Amazon refuses is undocumented, so no error's words are read.
"""

from __future__ import annotations

from orderdesk_amazon_mcf import outbound
from orderdesk_amazon_mcf.account import McfSettings
from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import (
    Button,
    ByCheck,
    Evidence,
    IdRule,
    Integration,
    Limit,
    NewNumber,
    WhileStatus,
    fold,
)
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.auth import refresh_token_auth
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.identity import NotStated, StatedAt
from orderdesk_sdk.order import Placement
from orderdesk_sdk.reading import complaint, json_object, turned_away
from orderdesk_sdk.request import CancelRequest, CheckRequest, ResubmitRequest

ACCESS = "check the endpoint's region, the application's role Amazon Fulfillment, and the seller's authorization"
TOO_LATE = "contact Seller Support; Amazon promises nothing once picking has begun"
TAKEN = "Amazon has another order under this number, and an id is never free again"
OPEN = ("New", "Received", "Planning")


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-mcf",
        title="Amazon MCF",
        settings=McfSettings,
        base_url="endpoint",
        auth=refresh_token_auth("token_url", header="x-amz-access-token", dated="x-amz-date"),
        cancel=(Button(ByCheck(every=minutes(2), give_up=hours(24)), WhileStatus(OPEN, until="picking")),),
        resubmit=NewNumber(),
        evidence=Evidence.VENDOR_CHECKED,
        identified_by={
            "get": StatedAt("payload", "fulfillmentOrder", "sellerFulfillmentOrderId"),
            "create": NotStated("createFulfillmentOrder answers an empty object"),
        },
        remote_id=IdRule(r"[A-Za-z0-9._-]+", 40, "Amazon turns + into a space and answers 403 to ids with spaces"),
        limits={"*": Limit(2, burst=30)},
        rate_header="x-amzn-ratelimit-limit",
        evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact=["destinationAddress", "notificationEmails"],
        help_url="https://developer-docs.amazon.com/sp-api/docs/cancel-fulfillment-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.put(outbound.ORDERS, request.remote_id, "cancel", operation="cancel", repeatable=True)
    if reply.is_success and not json_object(reply).get("errors"):
        return answer.asked(reply)
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=f"Amazon does not know the order {request.remote_id}")
    if reply.status_code != 400:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    verdict = yield from orderdesk_check(CheckRequest(request.order, request.placement), service)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if fold(verdict.status or "") != "processing":
        return answer.not_done(reply, text=complaint(reply))  # The status allows it still: it is asked again.
    return answer.refused(reply, Refusal.TOO_LATE, status=verdict.status, text=complaint(reply), remedy=TOO_LATE)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.get(outbound.ORDERS, request.remote_id, operation="get")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    status, lines = outbound.read(reply)
    match fold(status):
        case "canceled" | "unfulfillable" | "invalid":  # None of the three ever ships (the model's enum texts).
            return answer.canceled(reply, status=status, lines=lines)
        case "completepartialled" if any(line.canceled for line in lines):
            return answer.partly_canceled(reply, lines, status=status)
        case "complete" | "completepartialled":
            return answer.refused(reply, Refusal.SHIPPED, status=status, remedy=TOO_LATE, lines=lines)
        case (
            "new" | "received" | "planning" | "processing"
        ):  # Accepted cancels have been seen to win even while picking.
            return answer.pending(reply, status=status, lines=lines)
        case _:
            return answer.unclear(reply, status=status, text=f"not a documented status: {status!r}")


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[McfSettings]) -> Flow[Answer | Placement]:
    number = request.order.number
    made = there = yield service.get(outbound.ORDERS, number, operation="get")
    if there.status_code in (400, 404):
        body = outbound.new_order(request.order, service.settings, service.now)
        made = yield service.post(outbound.ORDERS, operation="create", json=body)
        if made.is_success and not json_object(made).get("errors"):
            return service.placement(number)
        if made.status_code == 400:
            there = yield service.get(outbound.ORDERS, number, operation="get")
    if there.is_success:  # An earlier create of ours, whose reply was lost, had worked; or the number is another's.
        if outbound.same_items(there, request.order):
            return service.placement(number)
        return answer.refused(there, Refusal.NOT_ALLOWED, text=TAKEN, remedy="give another number")
    if made.status_code == 400:
        return answer.refused(made, Refusal.NOT_ALLOWED, text=complaint(made))
    return turned_away(made, check=ACCESS) or answer.unclear(made)
