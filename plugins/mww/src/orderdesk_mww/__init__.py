"""MWW On Demand: the button asks, and where it is closed or refused an e-mail does; the state read back is the answer.

From MWW's public API docs, March 2021 text; not verified against production. They do not tell how a refusal looks.
"""

from __future__ import annotations

from orderdesk_mww import orders
from orderdesk_mww.account import MwwSettings, auth_key, ladder
from orderdesk_sdk.clock import hours
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import AnyOf, NotStated, StatedAt
from orderdesk_sdk.plugin.integration import Evidence, Integration, NewNumber
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.plugin.toolkit.service_errors import turned_down
from orderdesk_sdk.plugin.toolkit.submission import submit

INGESTION = hours(1)  # MWW: an order may take so long to come in, and is not canceled before.


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="mww",
        title="MWW On Demand",
        settings=MwwSettings,
        base_url="base_url",
        auth=auth_key,
        cancel=ladder("two minutes"),
        configured=lambda settings: ladder(settings.cancel_window),
        resubmit=NewNumber(),
        redact=["name", "address1", "address2", "city", "postal-code", "phone", "email"],
        identified_by={
            "*": AnyOf(StatedAt("data", "attributes", "vendor-po"), StatedAt("data", "id")),
            "lines": NotStated("line items do not name their order; the order that was read before them does"),
        },
        help_url="https://mwwondemand.github.io",
        evidence=Evidence.PUBLISHED_API,
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    number, young = request.remote_id, service.now - request.placement.submitted_at < INGESTION
    body = {"data": {"type": "orders", "id": number, "attributes": {"request": "cancel"}}}
    reply = yield service.request("PATCH", orders.ORDERS, number, operation="cancel", repeatable=True, json=body)
    if reply.is_success:
        # Also where it says cancelled: that is read back.
        return answer.asked(reply, status=text_at(reply, *orders.STATE))
    if not turned_down(reply):
        return orders.ERRORS.untold(reply)
    there = yield service.get(orders.ORDERS, number, operation="get")
    found, lags = orders.standing(there), "MWW may still be taking it in" if young else None
    if (known := orders.ERRORS.after_reading(reply, there, found, number, lags=lags)) is not None:
        return known
    why = "MWW has not yet taken it in, or it is packed already" if young else "MWW refused"
    return answer.refused(reply, Refusal.TOO_LATE, status=found.status, text=f"{why}: {orders.ERRORS.words(reply)}")


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[MwwSettings]) -> Flow[Answer]:
    return orders.standing((yield service.get(orders.ORDERS, request.remote_id, operation="get")))


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[MwwSettings]) -> Flow[Answer | Placement]:
    order = request.order
    return (
        yield from submit(
            request,
            service,
            orders.ERRORS,
            look=service.get(orders.ORDERS, order.number, operation="get"),
            create=lambda: service.post(
                orders.ORDERS,
                operation="create",
                json=orders.new_order(order, service.settings),
            ),
            find=orders.standing,
            is_ours=orders.are_of,
            is_made=lambda made: text_at(made, *orders.STATE),
            lines=lambda there: service.get(
                orders.ORDERS,
                text_at(there, "data", "id"),
                "line-items",
                operation="lines",
            ),
        )
    )
