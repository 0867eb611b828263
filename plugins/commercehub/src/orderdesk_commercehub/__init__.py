"""CommerceHub: a supplier tells the retailer what it will not fill; what became of it is read back, line by line."""

from __future__ import annotations

import httpx

from orderdesk_commercehub.account import CODES, TYPES, HubSettings
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.auth import ClientCredentialsAuth
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import AnyOf, StatedAt
from orderdesk_sdk.plugin.integration import Evidence, Integration, Limit, NoResubmit
from orderdesk_sdk.plugin.reasons import ClosedList, listed_by
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, Portal, Scope
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import (
    complaint,
    each_at,
    need,
    nothing_done,
    one_or_many,
    text_at,
    turned_away,
    words_of,
)
from orderdesk_sdk.plugin.toolkit.line_quantities import LineShape

ACCESS = "check client_id and client_secret, and that they are a supplier's"
UNKNOWN, KEY = "Dsco does not know the order", "see order_key"
ELSEWHERE = "cancel it in the portal or ask the retailer"
UPLOAD = "call orderdesk_commercehub.orderstream.write_confirm, upload the file, see in OrderStream what came of it"
LISTS = listed_by("reasons", "retailer_field")
FILE = Portal(UPLOAD, reasons=ClosedList((), configured=LISTS))
BUTTON = Button(ByCheck(minutes(1), hours(2)), reasons=ClosedList(CODES, configured=LISTS), scope=Scope.QUANTITIES)
NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")  # Of several that are sent, the first in this order counts.
LINES = LineShape(
    items="lineItems", owner="dscoRetailerId", names=NAMES, beside="lineNumber", codes=(*NAMES[1:], NAMES[0]),
    ordered="quantity", shipped="shippedQuantity", accepted="acceptedQuantity", status="status",
    canceled=("cancelledQuantity", "rejectedQuantity"), canceled_in=frozenset({"canceled", "rejected"}),
)  # fmt: skip
SAID, ENTRY = ("code", "description"), ("logs", "*")
Hub = Service[HubSettings]


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="commercehub", title="CommerceHub", settings=HubSettings, base_url="base_url", role=Role.CART,
        auth=lambda its: ClientCredentialsAuth(its.base_url + "/oauth2/token", its.client_id, its.client_secret),
        cancel=(BUTTON,), configured=lambda its: (FILE if its.mode == "orderstream" else BUTTON,),
        resubmit=NoResubmit("a supplier cannot reopen a canceled retailer order; the retailer issues a new one"),
        identified_by=lambda its: {
            "order": lambda reply: [str(one.get(its.order_key) or "") for one in one_or_many(reply)],
            "log": AnyOf(StatedAt(*ENTRY, "requestId", number="reference"), StatedAt(*ENTRY, "payload", "id")),
        },
        limits={"order": Limit(8, burst=10)},  # 10 a second, 500 a minute; of the other calls no limit is known
        redact=["shipping", "shipTo", "billing", "billTo", "customer", "firstName", "lastName", "email", "phone"],
        help_url="https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes",
        evidence=Evidence.VENDOR_CHECKED,
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Hub) -> Flow[Answer]:
    reply = yield look(request, service)
    if reply.status_code == 404 or (reply.is_success and not one_or_many(reply)):
        away = turned_away(reply, check=ACCESS, own="messages")
        if away is None and service.now < request.placement.submitted_at + hours(1):  # Reads may lag behind.
            return answer.not_done(reply, text=UNKNOWN, remedy=KEY, retry_after=minutes(2))
        return away or answer.refused(reply, Refusal.NOT_ALLOWED, text=UNKNOWN, remedy=KEY)
    stated = {service.settings.order_key: request.remote_id}
    there = LINES.read(need(reply, check=ACCESS, otherwise=nothing_done), one_or_many(reply), request.order, **stated)
    why = {"cancelCode": request.reason.code, "cancelledReason": request.reason.text}
    items = [{**name, "cancelledQuantity": count, **why} for name, count in there.to_ask(reply, request.lines)]
    body = {"id": request.remote_id, "type": TYPES[service.settings.order_key], "lineItems": items}
    made = yield service.post("/order/item/cancel", operation="cancel", json=body)  # Whether two add up is unknown.
    away = turned_away(made, check=ACCESS, own="messages")
    if away is not None or made.status_code == 408 or made.is_server_error:
        return away or answer.unclear(made)
    word, said = text_at(made, "status"), complaint(made, "messages", SAID)
    if made.status_code == 404:  # It was read a moment ago.
        return answer.not_done(made, text=said, remedy=ELSEWHERE)
    if word == "failure":  # Which a 2xx may say as well.
        return answer.refused(made, Refusal.NOT_ALLOWED, text=said, remedy=ELSEWHERE)
    taken = made.is_success and word in ("success", "pending")
    return answer.asked(made, reference=text_at(made, "requestId")) if taken else answer.unclear(made)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Hub) -> Flow[Answer]:
    if service.settings.mode == "orderstream":
        return answer.unclear(None, text="OrderStream cannot be read back")
    reply = yield look(request, service)
    stated = {service.settings.order_key: request.remote_id}
    there = LINES.read(need(reply, check=ACCESS, own="messages"), one_or_many(reply), request.order, **stated)
    verdict = there.judge(reply, request.lines)
    if verdict.outcome is not Outcome.PENDING or request.reference is None:
        return verdict
    log = yield service.get("/order/log", operation="log", params={"requestId": request.reference})
    words = {str(word) for word in each_at(need(log, check=ACCESS, own="messages"), *ENTRY, "status")}
    if words not in ({"success"}, {"failure"}):  # Where entries differ, or there is none yet, the numbers tell.
        return verdict
    text = words_of(each_at(log, *ENTRY, "results", "*"), SAID)
    done = words == {"success"}
    return there.judge(log, request.lines, done=done, status=str(*words), text=text, remedy=ELSEWHERE)


def look(request: CancelRequest | CheckRequest, service: Hub) -> httpx.Request:
    """The read of an order with all its suborders, of which Dsco gives the first alone unless it is asked for all."""
    params = {"orderKey": service.settings.order_key, "value": request.remote_id, "returnMultiple": "true"}
    return service.get("/order/", operation="order", params=params)
