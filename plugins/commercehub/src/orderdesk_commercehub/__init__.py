"""CommerceHub: a supplier tells the retailer what it will not fill; what became of it is read back, line by line."""

from __future__ import annotations

import httpx

from orderdesk_commercehub.account import CODES, TYPES, HubSettings
from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import Button, ByCheck, Evidence, Integration, Limit, NoResubmit, Portal, Scope
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.auth import ClientCredentialsAuth
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.identity import NotStated, StatedAt
from orderdesk_sdk.lines import LineNames
from orderdesk_sdk.order import Role
from orderdesk_sdk.quantities import LineQuantities, judge, nothing_to_ask, shares
from orderdesk_sdk.reading import complaint, count_in, objects_at, text_at, turned_away, words_of
from orderdesk_sdk.reasons import ClosedList, listed_by
from orderdesk_sdk.request import CancelRequest, CheckRequest

ACCESS = "check client_id and client_secret, and that they are a supplier's"
ELSEWHERE = "cancel it in the portal or ask the retailer"
UPLOAD = "call orderdesk_commercehub.orderstream.write_confirm, upload the file, see in OrderStream what came of it"
LISTS = listed_by("reasons", "retailer_field")
FILE = Portal(UPLOAD, reasons=ClosedList((), configured=LISTS))
BUTTON = Button(ByCheck(minutes(1), hours(2)), reasons=ClosedList(CODES, configured=LISTS), scope=Scope.QUANTITIES)
NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")  # Of several that are sent, the first in this order counts.
SAID = ("code", "description")
SKUS = ("sku", "partnerSku", "upc", "ean", "dscoItemId")  # Which of them the order's codes are, the reply shows.
Lines = tuple[list[LineQuantities], list[dict[str, object]], LineNames]


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="commercehub", title="CommerceHub", settings=HubSettings, base_url="base_url", role=Role.CART,
        auth=lambda its: ClientCredentialsAuth(its.base_url + "/oauth2/token", its.client_id, its.client_secret),
        cancel=(BUTTON,), configured=lambda its: (FILE if its.mode == "orderstream" else BUTTON,),
        resubmit=NoResubmit("a supplier cannot reopen a canceled retailer order; the retailer issues a new one"),
        identified_by=lambda its: {
            "/order/": StatedAt(its.order_key),
            "/order/log": NotStated("its entries name the request, whose answer named the order"),
        },
        limits={"/order/": Limit(8, burst=10)},  # 10 a second, 500 a minute; of the other calls no limit is known
        redact=["shipping", "shipTo", "billing", "billTo", "customer", "firstName", "lastName", "email", "phone"],
        help_url="https://support.dsco.io/hc/en-us/articles/360028354992-Cancel-Codes",
        evidence=Evidence.VENDOR_CHECKED,
    )  # fmt: skip


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[HubSettings]) -> Flow[Answer]:
    key = service.settings.order_key
    reply = yield service.get("/order/", params={"orderKey": key, "value": request.remote_id})
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text="Dsco does not know the order", remedy="see order_key")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.not_done(reply, text="the order cannot be read")
    lines, names, ours = read(reply, request)
    try:
        wanted = ours.wanted(request.lines)
    except InputError as error:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=error.text, remedy=error.remedy)
    verdict = nothing_to_ask(reply, lines, wanted)
    if verdict is not None:
        return ours.told(verdict)
    why = {"cancelCode": request.reason.code, "cancelledReason": request.reason.text}
    counted = zip(names, shares(lines, wanted), strict=True)
    items = [{**name, "cancelledQuantity": count, **why} for name, count in counted if count]
    body = {"id": request.remote_id, "type": TYPES[key], "lineItems": items}
    made = yield service.post("/order/item/cancel", json=body)  # Whether two add up is unknown: not repeatable.
    away = turned_away(made, check=ACCESS)
    if away is not None or made.status_code == 408 or made.is_server_error:
        return away or answer.unclear(made)
    word = text_at(made, "status")
    if word == "failure":  # Which a 2xx may say as well.
        return answer.refused(made, Refusal.NOT_ALLOWED, text=complaint(made, "messages", SAID), remedy=ELSEWHERE)
    taken = made.is_success and word in ("success", "pending")
    return answer.asked(made, reference=text_at(made, "requestId")) if taken else answer.unclear(made)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[HubSettings]) -> Flow[Answer]:
    if service.settings.mode == "orderstream":
        return answer.unclear(None, text="OrderStream cannot be read back")
    params = {"orderKey": service.settings.order_key, "value": request.remote_id}
    reply = yield service.get("/order/", params=params)
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    lines, _, ours = read(reply, request)
    wanted = ours.wanted(request.lines)
    verdict = ours.told(judge(reply, lines, wanted))
    if verdict.outcome is not Outcome.PENDING or request.reference is None:
        return verdict
    log = yield service.get("/order/log", params={"requestId": request.reference})
    if not log.is_success:
        return turned_away(log, check=ACCESS) or answer.unclear(log)
    entries = {entry.get("status"): entry for entry in objects_at(log, "logs")}
    if set(entries) == {"failure"}:
        text = words_of(entries["failure"].get("results"), SAID)
        return ours.told(judge(log, lines, wanted, done=False, status="failure", text=text, remedy=ELSEWHERE))
    return ours.told(judge(log, lines, wanted, done=True, status="success")) if "success" in entries else verdict


def read(reply: httpx.Response, request: CancelRequest | CheckRequest) -> Lines:
    """The lines there; what names each of them in a cancel; and what ours are called there. Raises MalformedReply."""
    items = [
        {key: value for key, value in item.items() if value is not None} for item in objects_at(reply, "lineItems")
    ]
    ours = LineNames(request.order, lambda line: line.code)
    kind = max(SKUS, key=lambda kind: sum(ours.knows(str(given.get(kind, ""))) for given in items))
    lines, names = [], []
    for given in items:
        known = [name for name in NAMES if name in given]
        code = str(given.get(kind, "")) or str({name: given[name] for name in known})
        canceled, shipped = (count_in(reply, given, key, 0) for key in ("cancelledQuantity", "shippedQuantity"))
        lines.append(LineQuantities(code, count_in(reply, given, "quantity"), canceled, shipped))
        names.append({key: given[key] for key in (*known[:1], "lineNumber") if key in given})
    return lines, names, ours
