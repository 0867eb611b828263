"""Shopify as the cart: an order is canceled by a job, and only its `cancelledAt` tells that it is."""

from __future__ import annotations

import httpx

from orderdesk_sdk.clock import minutes, seconds
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Evidence, IdRule, Integration, NoResubmit, Status
from orderdesk_sdk.plugin.reasons import CanonicalReason as Why
from orderdesk_sdk.plugin.reasons import ClosedList, ReasonCode
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, StatusRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, RuleAction
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import moment_at, objects_at, text_at, value_at, words_of
from orderdesk_sdk.plugin.webhooks import Hint, Message
from orderdesk_shopify import documents
from orderdesk_shopify.account import SHOWN, CartSettings, ask, gid, look, throttled, trouble
from orderdesk_shopify.webhooks import hints

REASONS = (
    ReasonCode("CUSTOMER", "The customer changed or canceled the order", [Why.CUSTOMER_ASKED]),
    ReasonCode("DECLINED", "Payment declined"),
    ReasonCode("FRAUD", "Fraud", [Why.FRAUD]),
    ReasonCode("INVENTORY", "Not in stock", [Why.OUT_OF_STOCK]),
    ReasonCode("STAFF", "Staff error"),
    ReasonCode("OTHER", "Other", [Why.ADDRESS, Why.DUPLICATE, Why.PRICING, Why.LATE, Why.OTHER]),
)
STATUSES = {"archived": documents.ARCHIVE, "open": documents.OPEN}  # All that is settable; the others are derived.
ID = "the number in the order's address at Shopify, such as 148977776, or gid://shopify/Order/148977776; not #1001"
UNKNOWN = "see whether the number is the order's id; orders older than 60 days need the grant read_all_orders"
BY_HAND = "see the order at Shopify: returns, pending authorizations and shipments keep it from being canceled"
NO_REFUND = "let the app refund, or set refund = false and pay back by hand"
FINAL = "canceling is final, and Shopify releases an authorization that was not captured"


@hookimpl
def orderdesk_integration() -> Integration:
    rule = "Change Order Status at Shopify to"
    return Integration(
        slug="shopify",
        title="Shopify",
        settings=CartSettings,
        base_url="shop_url",
        role=Role.CART,
        auth=lambda its: HeaderAuth({"x-shopify-access-token": its.access_token}),
        cancel=(Button(ByCheck(seconds(15), give_up=minutes(30)), reasons=ClosedList(REASONS), note=FINAL),),
        resubmit=NoResubmit("a canceled order cannot be brought back at Shopify; make a new one there"),
        remote_id=IdRule(r"([0-9]+|gid://shopify/Order/[0-9]+)", 50, ID),
        identified_by={"graphql": SHOWN},
        statuses=tuple(Status(name, name.capitalize()) for name in STATUSES),
        actions=(RuleAction(f"{rule} Canceled"), *(RuleAction(f"{rule} {one.capitalize()}", one) for one in STATUSES)),
        throttled=throttled,
        echoes={"x-shopify-api-version": "api_version"},
        evidence=Evidence.VENDOR_CHECKED,
        evidence_headers=["x-shopify-api-version", "x-shopify-api-deprecated-reason", "x-request-id"],
        help_url="https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCancel",
    )


def judged(reply: httpx.Response) -> Answer:
    """What an order's own fields say. Raises MalformedReply where there is no order, or no moment."""
    status = text_at(reply, "data", "order", "displayFulfillmentStatus")
    if value_at(reply, "data", "order", "cancelledAt") is None:
        return answer.pending(reply, status=status)
    moment_at(reply, "data", "order", "cancelledAt")
    return answer.canceled(reply, status=f"canceled {text_at(reply, 'data', 'order', 'cancelledAt')}")


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order, its, why = {"id": gid("Order", request.remote_id)}, service.settings, request.reason
    _, verdict = yield from look(service, documents.ORDER, order, judged, UNKNOWN)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    said = {"reason": why.code, "note": (why.text or "")[:255], "restock": its.restock, "notify": its.notify_customer}
    refund = {"refund": {"originalPaymentMethodsRefund": True}} if its.refund else {}
    document = documents.CANCEL_TO_RESULT if its.api_version >= "2026-10" else documents.CANCEL
    made = yield ask(service, document, {**order, **said, **refund})  # Whether two would refund twice is unknown.
    if (lost := trouble(made, wrote=True)) is not None:
        return lost
    if not (errors := objects_at(made, "data", "done", "userErrors")):
        told = document is documents.CANCEL_TO_RESULT and value_at(made, "data", "done", "jobResult") is not None
        names = [text_at(made, "data", "done", name, "id") for name in ("job", "jobResult")[: 1 + told]]
        return answer.asked(made, reference=" ".join(names))
    codes, text = [error.get("code") for error in errors], words_of(errors)
    if "INTERNAL_ERROR" in codes:
        return answer.unclear(made, text=text)
    _, verdict = yield from look(service, documents.ORDER, order, judged, UNKNOWN)  # Was somebody else faster?
    if verdict.outcome is not Outcome.PENDING:
        return verdict if verdict.outcome in (Outcome.CANCELED, Outcome.REFUSED) else answer.unclear(made, text=text)
    remedy = NO_REFUND if "NO_REFUND_PERMISSION" in codes else BY_HAND
    return answer.refused(made, Refusal.NOT_ALLOWED, text=text, remedy=remedy)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order = {"id": gid("Order", request.remote_id)}
    names = dict(zip(("job", "result"), (request.reference or "").split(), strict=False))
    document = (documents.ORDER, documents.PROGRESS, documents.RESULT)[len(names)]
    seen, verdict = yield from look(service, document, {**order, **names}, judged)
    done = {"id": names.get("job"), "done": True}
    if verdict.outcome is not Outcome.PENDING or not names or value_at(seen, "data", "job") != done:
        return verdict
    again, verdict = yield from look(service, documents.ORDER, order, judged)  # It may have ended after the read.
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    told = "result" in names and value_at(seen, "data", "result") is not None
    why = words_of(objects_at(seen, "data", "result", "errors")) if told else ""
    text = f"Shopify's job is done and the order is not canceled{': ' if why else ''}{why}"
    return answer.refused(again, Refusal.NOT_ALLOWED, status=verdict.status, text=text, remedy=BY_HAND)


@hookimpl
def orderdesk_change_status(request: StatusRequest, service: Service[CartSettings]) -> Flow[Answer]:
    order, closed = {"id": gid("Order", request.remote_id)}, request.status == "archived"
    seen, verdict = yield from look(service, documents.ORDER, order, judged, UNKNOWN)
    if verdict.outcome not in (Outcome.PENDING, Outcome.CANCELED):
        return verdict
    if value_at(seen, "data", "order", "closed") is closed:
        return answer.changed(seen, status=request.status)
    made = yield ask(service, STATUSES[request.status], order, repeatable=True)
    if (lost := trouble(made, wrote=True)) is not None:
        return lost
    if errors := objects_at(made, "data", "done", "userErrors"):
        return answer.refused(made, Refusal.NOT_ALLOWED, text=words_of(errors, ("message",)))
    is_set = value_at(made, "data", "done", "order", "closed") is closed
    return answer.changed(made, status=request.status) if is_set else answer.unclear(made)


@hookimpl
def orderdesk_receive(message: Message, service: Service[CartSettings]) -> tuple[Hint, ...]:
    return hints(message, service.settings, "orders", "Order", "admin_graphql_api_id")  # In `id` some lose digits.
