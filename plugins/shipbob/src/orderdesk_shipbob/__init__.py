"""ShipBob: a cancel is answered at once, shipment by shipment; what was picked by then goes out all the same."""

from __future__ import annotations

import httpx

from orderdesk_sdk.plugin import (
    Answer,
    Button,
    ByReply,
    CancelRequest,
    CheckRequest,
    Evidence,
    Flow,
    IdRule,
    Integration,
    Limit,
    NoResubmit,
    Outcome,
    Refusal,
    Service,
    answer,
    hookimpl,
    turned_down,
)
from orderdesk_shipbob import api
from orderdesk_shipbob.settings import ShipBobSettings, sign


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="shipbob",
        title="ShipBob",
        settings=ShipBobSettings,
        base_url="base_url",
        auth=sign,
        cancel=(
            Button(
                ByReply(),
                note="ShipBob stops the shipments that are not picked, packed or shipped yet, and says of each whether "
                "it did",
            ),
        ),
        resubmit=NoResubmit("duplicate the order in your shop, and let the copy reach ShipBob under its new number"),
        remote_id=IdRule(
            r"[1-9][0-9]*",
            10,
            "ShipBob's own order id is a number, not the order number of your shop",
        ),
        identified_by={api.CALLS: api.order_ids},
        # 150 calls in any minute, whichever they are: the burst and what a minute adds to it.
        limits={api.CALLS: Limit(2, burst=30)},
        redact=["recipient", "retailer_program_data", "gift_message"],
        evidence=Evidence.PUBLISHED_API,
        help_url="https://developer.shipbob.com/2026-01/api/orders/cancel-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    reply = yield api.cancel_order(service, request.remote_id)
    if not reply.is_success and not turned_down(reply):
        return api.answer_without_order(reply)
    result = api.cancel_result(reply) if reply.is_success else None
    if result is not None:
        if result.status == "success" and result.stopped and all(result.stopped):
            return answer.canceled(reply)
        if result.status not in ("failure", "partialsuccess"):
            text = f"ShipBob says {result.status!r} of {sum(result.stopped)} of {len(result.stopped)} shipments"
            return answer.unclear(reply, text=text)
    # A shipment that was canceled before may count as a failure: only the order tells where each one stands.
    order = yield api.read_order(service, request.remote_id)
    if not order.is_success:
        # How ShipBob says that it does not know an order is not documented, so a wrong path is not told from it.
        return answer.unclear(order) if reply.is_success else _neither_canceled_nor_read(reply)
    verdict = api.answer_from_order(order)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    if result is None:
        return answer.not_done(reply, text=f"ShipBob answered {reply.status_code}, and the order is {verdict.status}")
    if any(line.canceled for line in verdict.lines):
        return answer.partly_canceled(order, verdict.lines, status=verdict.status, text=result.reasons)
    if any(result.stopped):
        text = "ShipBob stopped a shipment, and its order shows none"
        return answer.unclear(order, status=verdict.status, text=text)
    return answer.refused(order, Refusal.TOO_LATE, status=verdict.status, text=result.reasons)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    reply = yield api.read_order(service, request.remote_id)
    return api.answer_from_order(reply) if reply.is_success else api.answer_without_order(reply)


def _neither_canceled_nor_read(reply: httpx.Response) -> Answer:
    return answer.not_done(
        reply,
        text="ShipBob would not cancel the order, and it cannot be read",
        remedy=f"see whether ShipBob has it under this id, and check base_url and api_version; {api.ACCESS}",
    )
