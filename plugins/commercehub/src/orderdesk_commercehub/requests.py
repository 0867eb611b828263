"""Retailers' requests to cancel at Dsco: which orders show one, and the cancel of their lines that accepts it.

Dsco names no request, so the order's number does, with the lines that are meant. There is a call to accept (the lines
are canceled), and none to reject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from orderdesk_commercehub import api
from orderdesk_commercehub.settings import HubSettings
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    CancelRequestList,
    Flow,
    OpenRequestQuery,
    Order,
    Outcome,
    Reason,
    ReasonCode,
    RequestedCancellation,
    RespondRequest,
    Service,
    ServiceLines,
    StandardReason,
    answer,
    hours,
    iso_timestamp,
    json_object,
    not_processed_answer,
    object_list,
    objects_at,
    require_success,
)

if TYPE_CHECKING:
    import httpx

PAGE = "/order/page"
MOST_PAGES = 45
"""Of one list; a flow may make 50 calls."""

Lists = Callable[[HubSettings, Order], "tuple[ReasonCode, ...] | None"]


def list_open(request: OpenRequestQuery, service: Service[HubSettings]) -> Flow[CancelRequestList | Answer]:
    """Every order of the last days that shows a request, page by page; or the one that is asked about."""
    if request.remote_id is not None:
        params = {"orderKey": service.settings.order_key, "value": request.remote_id, "returnMultiple": "true"}
        response = yield service.get(api.ORDER, operation="order", params=params)
        if response.status_code == 404:
            return CancelRequestList()
        return CancelRequestList(_open_in(object_list(_complete(response)), service.settings))
    since = iso_timestamp(service.now - hours(24 * service.settings.request_days))
    params = {"ordersUpdatedSince": since, "until": iso_timestamp(service.now), "includeTestOrders": "true"}
    orders: list[Mapping[str, object]] = []
    for _ in range(MOST_PAGES):
        page = _complete((yield service.get(PAGE, operation="orders", params=params)))
        orders += objects_at(page, "orders")
        scroll = json_object(page).get("scrollId")
        if not scroll:
            return CancelRequestList(_open_in(orders, service.settings))
        params = {"scrollId": str(scroll)}
    return answer.unknown(None, message=f"more than {MOST_PAGES} pages of orders; lower request_days")


def _complete(response: httpx.Response) -> httpx.Response:
    return require_success(response, access_hint=api.ACCESS_HINT, error_key="messages", fallback=not_processed_answer)


def _open_in(orders: Sequence[Mapping[str, object]], its: HubSettings) -> tuple[RequestedCancellation, ...]:
    """The requests that orders show; the suborders of one number are one order."""
    found: dict[str, RequestedCancellation] = {}
    for order in orders:
        lines = _lines(order)
        number = str(order.get(its.order_key) or "")
        asked = {str(line.get("sku")): line.get("quantity") for line in lines if line.get("cancelRequested")}
        if not number or not (order.get("cancelRequested") or asked):
            continue
        earlier = found[number].lines if number in found else {}
        counts = {sku: count for sku, count in asked.items() if isinstance(count, int) and count > 0}
        both = {**earlier, **counts}
        name = number if not both else f"{number}: {', '.join(sorted(both))}"
        why = order.get("cancelRequestedCode") or next((line.get("cancelRequestedCode") for line in lines), None)
        found[number] = RequestedCancellation(number, name, both, str(why) if why else None)
    return tuple(found.values())


def _lines(order: Mapping[str, object]) -> list[Mapping[str, object]]:
    lines = order.get("lineItems")
    return [line for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []


def is_requested(response: httpx.Response) -> bool:
    """Whether an order, as it was read, still shows a request."""
    return any(
        order.get("cancelRequested") or any(line.get("cancelRequested") for line in _lines(order))
        for order in object_list(response)
    )


def wanted_lines(request: RespondRequest) -> Mapping[str, int]:
    """What is accepted, by line id; empty means the whole order."""
    return request.lines or request.requested_lines


def answer_if_canceled(response: httpx.Response, there: ServiceLines, request: RespondRequest) -> Answer | None:
    """That the request is accepted, where the lines that it is about are canceled; else None."""
    verdict = there.answer_for(response, wanted_lines(request))
    if verdict.outcome is not Outcome.CANCELED:
        return None
    return answer.changed(response, status=verdict.status, message="the lines are canceled at Dsco")


def acceptance(
    response: httpx.Response, there: ServiceLines, request: RespondRequest, lists: Lists, its: HubSettings
) -> dict[str, object]:
    """The body that cancels the lines of a request, with the retailer's code for one that it asked for itself."""
    codes = lists(its, request.order) or api.CODES
    code = next(one for one in codes if StandardReason.CUSTOMER_ASKED in one.stands_for)
    lines = wanted_lines(request)
    reason = Reason(StandardReason.CUSTOMER_ASKED, code.code, code.title)
    asked = CancelRequest(request.order, request.remote_order, request.request_id, reason, lines)
    return api.cancel_body(response, there, asked, its)
