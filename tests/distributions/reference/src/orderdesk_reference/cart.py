"""The cart: it is asked for many orders in one call, and can be told other statuses than canceled."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_reference import orderdesk_check  # noqa: F401 - a hook of this module too
from orderdesk_reference.account import ACCESS, NUMBER, ORDERS, CartSettings, sign
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NoResubmit, Status
from orderdesk_sdk.plugin.reasons import FreeText
from orderdesk_sdk.plugin.requests import CancelRequest, StatusRequest
from orderdesk_sdk.plugin.routes import Batch, Button, ByCheck, RuleAction, fold
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import complaint, objects_at, text_at, turned_away

TOGETHER = Batch(gather=minutes(2), most=20)
BUTTON = Button(ByCheck(every=minutes(5), give_up=hours(24)), reasons=FreeText(max_length=80), batch=TOGETHER)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="reference-cart",
        title="Reference cart",
        settings=CartSettings,
        base_url="base_url",
        role=Role.CART,  # It is told last, when every maker of the order has canceled.
        auth=sign,
        cancel=(BUTTON,),
        statuses=(Status("on hold", "On hold"), Status("released", "Released")),
        actions=(
            RuleAction("Cancel Order at Reference cart"),
            RuleAction("Hold Order at Reference cart", status="on hold"),
        ),
        resubmit=NoResubmit("the buyer orders again"),
        identified_by={"read": NUMBER, "label": NUMBER},
    )


@hookimpl
def orderdesk_cancel_many(requests: Sequence[CancelRequest], service: Service[CartSettings]) -> Flow[Sequence[Answer]]:
    asked = [{"number": request.remote_id, "reason": request.reason.text} for request in requests]
    reply = yield service.post("/cancellations", operation="cancel", json={"orders": asked})
    if not reply.is_success:
        return [turned_away(reply, check=ACCESS) or answer.unclear(reply)] * len(requests)
    # By number, not by place: nobody says that they are answered in the order in which they were asked.
    results = {text_at(reply, "number", within=one): one for one in objects_at(reply, "results")}
    answers = []
    for request in requests:
        result = results.get(request.remote_id)
        if result is None:
            answers.append(answer.unclear(reply, text=f"nothing is said of {request.remote_id}"))
        elif result.get("taken") is True:
            answers.append(answer.asked(reply))
        elif result.get("taken") is False:
            answers.append(answer.refused(reply, Refusal.TOO_LATE))
        else:
            answers.append(answer.unclear(reply, text=f"it does not tell whether {request.remote_id} was taken"))
    return answers


@hookimpl
def orderdesk_change_status(request: StatusRequest, service: Service[CartSettings]) -> Flow[Answer]:
    # Read first: after a lost reply it may be set already, and whoever sets it twice may mail a customer twice.
    there = yield service.get(ORDERS, request.remote_id, operation="read")
    if not there.is_success:
        return turned_away(there, check=ACCESS) or answer.unclear(there)
    if fold(text_at(there, "order", "label")) == fold(request.status):
        return answer.changed(there, status=request.status)
    made = yield service.put(ORDERS, request.remote_id, "label", operation="label", json={"label": request.status})
    if made.is_success and fold(text_at(made, "order", "label")) == fold(request.status):
        return answer.changed(made, status=request.status)
    if made.status_code == 409:
        return answer.refused(made, Refusal.NOT_ALLOWED, text=complaint(made))
    return turned_away(made, check=ACCESS) or answer.unclear(made)
