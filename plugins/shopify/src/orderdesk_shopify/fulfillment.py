"""A fulfillment order at Shopify: withdrawn while its service has not accepted it, asked back once it has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import httpx
from attrs import evolve

import orderdesk_shopify
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import IdRule, Integration, NoResubmit
from orderdesk_sdk.plugin.reasons import FreeText
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, Portal
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import objects_at, text_at, words_of
from orderdesk_sdk.plugin.webhooks import Hint, Message
from orderdesk_shopify import documents
from orderdesk_shopify.account import ShopSettings, ask, gid, look, trouble
from orderdesk_shopify.webhooks import hints

AT = ("data", "order")
ALIVE = ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE")
FORCE = "Call the service, which has not answered. Closed at Shopify without its word, the order may still ship."
ID = "the fulfillment order's own number, such as 1046000788, or gid://shopify/FulfillmentOrder/1046000788"


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_shopify.orderdesk_integration(),
        statuses=(),
        actions=(),
        slug="shopify-fulfillment",
        title="Shopify fulfillment",
        settings=ShopSettings,
        role=Role.FULFILLMENT,
        cancel=(Button(ByCheck(every=minutes(5), give_up=hours(24)), reasons=FreeText()), Portal(FORCE)),
        resubmit=NoResubmit("Shopify makes a replacement fulfillment order; request its fulfillment there"),
        remote_id=IdRule(r"([0-9]+|gid://shopify/FulfillmentOrder/[0-9]+)", 60, ID),
        help_url="https://shopify.dev/docs/apps/build/orders-fulfillment",
    )


def judged(reply: httpx.Response, *, by_us: bool = False) -> Answer:
    """What the two states of a fulfillment order say together. by_us: Shopify said that it withdrew it for us.

    By the schema's own words: OPEN is "ready for fulfillment" whatever became of a request, and a request that was
    rejected or closed can be made again. So only a status that ended the order cancels it.
    """
    state, asked = text_at(reply, *AT, "status"), text_at(reply, *AT, "requestStatus")
    status, parcels = f"{state} {asked}", objects_at(reply, *AT, "fulfillments", "nodes")
    left = any(parcel.get("status") not in ("CANCELLED", "ERROR", "FAILURE") for parcel in parcels)
    match state, asked:
        case ("CANCELLED" | "CLOSED", "CANCELLATION_ACCEPTED") | ("CANCELLED", "UNSUBMITTED" | "REJECTED" | "CLOSED"):
            return answer.partly_canceled(reply, (), status=status) if left else answer.canceled(reply, status=status)
        case "CLOSED", _ if left:
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "CLOSED", "UNSUBMITTED" | "SUBMITTED" if by_us:
            return answer.canceled(reply, status=status)
        case str(), "CANCELLATION_REJECTED" if state in ALIVE:
            told = [one.get("responseData") for one in objects_at(reply, *AT, "merchantRequests", "nodes")]
            said = [str(one.get("message") if isinstance(one, Mapping) else one) for one in told if one]
            no = ": ".join(["the service refuses", *said])
            return answer.refused(reply, Refusal.NOT_ALLOWED, status=status, text=no, remedy="call the service")
        case str(), "CANCELLATION_REQUESTED" if state in ALIVE:
            return answer.asked(reply, status=status)
        case str(), "UNSUBMITTED" | "SUBMITTED" | "ACCEPTED" | "REJECTED" | "CLOSED" if state in ALIVE:
            text = "the service let go of it; it can be requested again" if asked in ("REJECTED", "CLOSED") else None
            return answer.pending(reply, status=status, text=text)
        case _:  # Contradictions, and a closed one without a parcel: by somebody else, merged or moved.
            return answer.unclear(reply, status=status, text=f"nothing follows from {status}")


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order = {"id": gid("FulfillmentOrder", request.remote_id)}
    seen, verdict = yield from look(service, documents.FULFILLMENT, order, judged, ID)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    possible = [action.get("action") for action in objects_at(seen, *AT, "supportedActions")]
    waits = text_at(seen, *AT, "requestStatus") == "SUBMITTED"
    if ("CANCEL_FULFILLMENT_ORDER" if waits else "REQUEST_CANCELLATION") not in possible:
        text = "Shopify offers no cancellation in this state"
        return answer.refused(seen, Refusal.NOT_ALLOWED, status=verdict.status, text=text, remedy="call the service")
    document, said = (documents.WITHDRAW, {}) if waits else (documents.ASK_BACK, {"message": request.reason.text})
    made = yield ask(service, document, {**order, **said}, repeatable=True)  # It is read first at every try.
    if (lost := trouble(made, wrote=True)) is not None:
        return lost
    if not (errors := objects_at(made, "data", "done", "userErrors")):
        return answer.asked(made, reference="withdrawn" if waits else None)
    _, verdict = yield from look(service, documents.FULFILLMENT, order, judged)  # The service may have been faster.
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    return answer.refused(made, Refusal.NOT_ALLOWED, status=verdict.status, text=words_of(errors, ("message",)))


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[ShopSettings]) -> Flow[Answer]:
    order, judge = gid("FulfillmentOrder", request.remote_id), partial(judged, by_us=request.reference == "withdrawn")
    return (yield from look(service, documents.FULFILLMENT, {"id": order}, judge))[1]


@hookimpl
def orderdesk_receive(message: Message, service: Service[ShopSettings]) -> tuple[Hint, ...]:
    return hints(message, service.settings, "fulfillment_orders", "FulfillmentOrder", "fulfillment_order", "id")
