"""ShipBob: a cancel is answered at once, shipment by shipment; what was picked by then goes out all the same."""

from __future__ import annotations

from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Evidence, IdRule, Integration, Limit, NoResubmit
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByReply, fold
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import objects_at, text_at, turned_away, value_at
from orderdesk_sdk.plugin.toolkit.service_errors import turned_down
from orderdesk_shipbob.api import CALLS, call, numbers_in, standing, why_not
from orderdesk_shipbob.settings import ShipBobSettings, sign

ACCESS = "check token, its scopes orders_read and orders_write, and channel_id of this connection"
UNKNOWN = "ShipBob would not cancel the order, and it cannot be read"
PLACE = f"see whether ShipBob has it under this id, and check base_url and api_version; {ACCESS}"
NOTE = "ShipBob stops the shipments that are not picked, packed or shipped yet, and says of each whether it did"
AGAIN = "duplicate the order in your shop, and let the copy reach ShipBob under its new number"
NUMBERS = "ShipBob's own order id is a number, not the order number of your shop"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="shipbob",
        title="ShipBob",
        settings=ShipBobSettings,
        base_url="base_url",
        auth=sign,
        cancel=(Button(ByReply(), note=NOTE),),
        resubmit=NoResubmit(AGAIN),
        remote_id=IdRule(r"[1-9][0-9]*", 10, NUMBERS),
        identified_by={CALLS: numbers_in},
        # 150 calls in any minute, whichever they are: the burst and what a minute adds to it.
        limits={CALLS: Limit(2, burst=30)},
        redact=["recipient", "retailer_program_data", "gift_message"],
        evidence=Evidence.PUBLISHED_API,
        help_url="https://developer.shipbob.com/2026-01/api/orders/cancel-order",
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    reply = yield call(service, "POST", f"{request.remote_id}:cancel")
    if not reply.is_success and not turned_down(reply):
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    rows = objects_at(reply, "canceled_shipment_results") if reply.is_success else ()
    stopped = [value_at(reply, "is_success", within=row) is True for row in rows]
    if reply.is_success:
        result = fold(text_at(reply, "status"))
        if result == "success" and stopped and all(stopped):
            return answer.canceled(reply)
        if result not in ("failure", "partialsuccess"):
            return answer.unclear(reply, text=f"ShipBob says {result!r} of {sum(stopped)} of {len(rows)} shipments")
    # A shipment that was canceled before may count as a failure: only the order tells where each one stands.
    there = yield call(service, "GET", request.remote_id)
    if not there.is_success:
        # How ShipBob says that it does not know an order is not documented, so a wrong path is not told from it.
        return answer.unclear(there) if reply.is_success else answer.not_done(reply, text=UNKNOWN, remedy=PLACE)
    found = standing(there)
    if found.outcome is not Outcome.PENDING:
        return found
    if not reply.is_success:
        return answer.not_done(reply, text=f"ShipBob answered {reply.status_code}, and the order is {found.status}")
    if any(line.canceled for line in found.lines):
        return answer.partly_canceled(there, found.lines, status=found.status, text=why_not(rows))
    if any(stopped):
        return answer.unclear(there, status=found.status, text="ShipBob stopped a shipment, and its order shows none")
    return answer.refused(there, Refusal.TOO_LATE, status=found.status, text=why_not(rows))


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[ShipBobSettings]) -> Flow[Answer]:
    reply = yield call(service, "GET", request.remote_id)
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    return standing(reply)
