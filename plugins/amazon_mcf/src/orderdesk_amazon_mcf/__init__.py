"""Amazon Multi-Channel Fulfillment: the button only asks; MCF decides, and what it decided is read back.

A 200 only means that the request was taken; how Amazon refuses is undocumented, so no error's words are read.
"""

from __future__ import annotations

import httpx

from orderdesk_amazon_mcf import outbound
from orderdesk_amazon_mcf.account import McfSettings
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.auth import refresh_token_auth
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import NotStated, StatedAt
from orderdesk_sdk.plugin.integration import Evidence, IdRule, Integration, Limit, NewNumber
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, WhileStatus
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import complaint, json_object, turned_away

ACCESS = "check the endpoint's region, the application's role Amazon Fulfillment, and the seller's authorization"
NOT_ALLOWED, UNKNOWN = Refusal.NOT_ALLOWED, "Amazon does not know the order"
TAKEN = "Amazon has an order under this number, not known for ours or not on its way, and an id is never free again"
OTHER = "see at Amazon whether that order is this one; if not, give another number"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="amazon-mcf", title="Amazon MCF", settings=McfSettings, base_url="endpoint",
        auth=refresh_token_auth("token_url", header="x-amz-access-token", dated="x-amz-date"),
        cancel=(Button(ByCheck(every=minutes(2), give_up=hours(24)), WhileStatus(outbound.OPEN, until="picking")),),
        resubmit=NewNumber(), evidence=Evidence.VENDOR_CHECKED,
        identified_by={"get": StatedAt("payload", "fulfillmentOrder", "sellerFulfillmentOrderId"),
                       "create": NotStated("createFulfillmentOrder answers an empty object")},
        remote_id=IdRule(r"[A-Za-z0-9._#-]+", 40, "Amazon turns + into a space and answers 403 to ids with spaces"),
        limits={"*": Limit(2, burst=30)}, rate_header="x-amzn-ratelimit-limit",
        evidence_headers=["x-amzn-requestid", "x-amzn-errortype"],
        redact=["destinationAddress", "notificationEmails"],
        help_url="https://developer-docs.amazon.com/sp-api/docs/cancel-fulfillment-order",
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.put(outbound.ORDERS, request.remote_id, "cancel", operation="cancel", repeatable=True)
    if reply.is_success and not json_object(reply).get("errors"):
        return answer.asked(reply)
    if reply.status_code not in (400, 404):
        return nothing_read(reply)
    there = yield service.get(outbound.ORDERS, request.remote_id, operation="get")
    if not there.is_success:  # A 404 on the cancel alone may be of its path; on both, and in Amazon's words, of the id.
        unknown = there.status_code == reply.status_code == 404 and nothing_read(there).outcome is Outcome.UNCLEAR
        return answer.refused(there, NOT_ALLOWED, text=UNKNOWN) if unknown else nothing_read(there)
    verdict = outbound.verdict(there)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if (verdict.status or "").lower() != "processing":  # The status allows it still: it is asked again.
        return turned_away(reply, check=ACCESS, own="errors") or answer.not_done(reply, text=complaint(reply))
    text, remedy = complaint(reply), outbound.TOO_LATE
    return answer.refused(reply, Refusal.TOO_LATE, status=verdict.status, text=text, remedy=remedy)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[McfSettings]) -> Flow[Answer]:
    reply = yield service.get(outbound.ORDERS, request.remote_id, operation="get")
    return outbound.verdict(reply) if reply.is_success else nothing_read(reply)


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[McfSettings]) -> Flow[Answer | Placement]:
    number, made = request.order.number, None
    there = yield service.get(outbound.ORDERS, number, operation="get")
    if there.status_code in (400, 404) and nothing_read(there).outcome is Outcome.UNCLEAR:
        try:
            body = outbound.new_order(request.order, service.settings, service.now)
        except InputError as error:
            return answer.refused(there, NOT_ALLOWED, text=str(error), remedy=error.remedy)
        made = yield service.post(outbound.ORDERS, operation="create", json=body)
        if made.is_success and not json_object(made).get("errors"):
            return service.placement(number)
        there = yield service.get(outbound.ORDERS, number, operation="get")
    if there.is_success:  # It is ours only if a create of ours, this one or an earlier one, may have worked.
        ours = outbound.is_ours(there, request.order) and (made is not None or request.unsure)
        return service.placement(number) if ours else answer.refused(there, NOT_ALLOWED, text=TAKEN, remedy=OTHER)
    if made is not None and made.status_code == 400:
        return answer.refused(made, NOT_ALLOWED, text=complaint(made))
    return nothing_read(there if made is None else made)


def nothing_read(reply: httpx.Response) -> Answer:
    """What a reply comes to that tells of no order."""
    return turned_away(reply, check=ACCESS, own="errors") or answer.unclear(reply)
