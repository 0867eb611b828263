"""The maker: a button that only asks, for half an hour, then an e-mail; what became of it is read back.

The service is invented. What a plugin does where its service is not documented: it answers `unclear`, or it requires a
setting. It never guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_reference.account import ACCESS, NUMBER, ORDERS, MakerSettings, ladder, sign
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, Limit, NewNumber
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest
from orderdesk_sdk.plugin.routes import RuleAction, fold
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import complaint, text_at, turned_away
from orderdesk_sdk.plugin.toolkit.signatures import demand_signature, message_text_at
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message

KINDS = {"canceled": HintKind.CANCELED, "shipped": HintKind.SHIPPED, "packing": HintKind.CHANGED}
PLACE = "a message of the maker"


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="reference",
        title="Reference maker",
        settings=MakerSettings,
        base_url="base_url",
        auth=sign,
        cancel=ladder(),
        actions=(RuleAction("Cancel Order at Reference maker"),),
        resubmit=NewNumber(),
        limits={"*": Limit(5, burst=10)},
        identified_by={"read": NUMBER, "create": NUMBER},
        evidence_headers={"x-request-id"},
        redact={"recipient"},
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[MakerSettings]) -> Flow[Answer]:
    # Not repeatable: nobody says that the service takes a second one for the first. After a lost reply it is read back.
    why = {"reason": request.reason.code}
    reply = yield service.post(ORDERS, request.remote_id, "cancel", operation="cancel", json=why)
    if reply.status_code == 202:  # It took note: not canceled yet.
        return answer.asked(reply)
    if reply.status_code == 409:
        return answer.refused(reply, Refusal.TOO_LATE, text=complaint(reply))
    if away := turned_away(reply, check=ACCESS, own="error"):  # A 404 without its "error" is of a wrong base URL.
        return away
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=f"there is no order {request.remote_id}")
    return answer.unclear(reply)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[MakerSettings]) -> Flow[Answer]:
    reply = yield service.get(ORDERS, request.remote_id, operation="read")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    status = text_at(reply, "order", "status")  # Where there is none it raises, and the core reads again later.
    match fold(status):
        case "canceled":
            return answer.canceled(reply, status=status)
        case "shipped":
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "received" | "packing":  # A cancel that was taken may still come through.
            return answer.pending(reply, status=status)
        case _:
            return answer.unclear(reply, status=status, text=f"not a documented status: {status!r}")


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[MakerSettings]) -> Flow[Answer | Placement]:
    order, number = request.order, request.order.number
    there = yield service.get(ORDERS, number, operation="read")
    if there.is_success:  # An earlier try whose reply was lost had worked; or the number is somebody else's.
        if text_at(there, "order", "reference") == order.id:
            return service.placement(number)
        text, remedy = f"it has another order {number} already", "look at it, then give another number"
        return answer.refused(there, Refusal.NOT_ALLOWED, text=text, remedy=remedy)
    if there.status_code != 404:  # Who cannot see whether it is there must not make it.
        return turned_away(there, check=ACCESS) or answer.unclear(there)
    lines = [{"code": line.code, "quantity": line.quantity} for line in order.lines]
    body = {"number": number, "reference": order.id, "lines": lines, "recipient": order.shipping.recipient}
    made = yield service.post(ORDERS, operation="create", json=body)
    if made.status_code == 201 and text_at(made, "order", "number") == number:
        return service.placement(number)
    return turned_away(made, check=ACCESS) or answer.unclear(made)


@hookimpl
def orderdesk_receive(message: Message, service: Service[MakerSettings]) -> Sequence[Hint]:
    # First: whoever cannot sign is not read at all. With an empty secret nobody can.
    demand_signature(message, "x-signature", [service.settings.webhook_secret], place=PLACE)
    kind = KINDS.get(fold(message_text_at(message, "status", place=PLACE)))
    if kind is None:
        return ()  # A word that we do not know is no mistake of the sender's.
    return (Hint(message_text_at(message, "number", place=PLACE), kind, message.headers.get("x-delivery")),)
