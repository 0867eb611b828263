"""Cancel an order, withdraw that, submit it again, set its status."""

from __future__ import annotations

from contextlib import suppress

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.desk.cancellations import CancellationStatus
from orderdesk_sdk.desk.documents import JsonObject, cancellation_status_document, case_document
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.plan_agreement import agreed_plan
from orderdesk_sdk.web.api.requests import (
    CancelOrderRequest,
    NoteRequest,
    ResubmitOrderRequest,
    SetStatusRequest,
    ShipmentRequest,
)
from orderdesk_sdk.web.api.scope import find_order, narrowed_connections, own_reference, visible_remote_orders

__all__ = ["cancel_order", "report_shipped", "resubmit_order", "set_status", "withdraw_order"]


def cancel_order(call: ApiCall) -> JsonObject:
    """Record a cancellation; the worker sends it."""
    request, order = call.body_as(CancelOrderRequest), find_order(call, call.path["order"])
    status = call.desk.cancel(
        own_reference(order),
        by=call.caller.name,
        reason=request.reason,
        idempotency_key=call.key,
        connections=_places(call, order, request.connections),
        lines=request.lines or None,
        plan_token=agreed_plan(call.caller, request.plan, "$", without_plan=request.without_plan),
        side_effects=request.side_effects,
        send_now=False,
    )
    return _status_document(call, status)


def _places(call: ApiCall, order: Order, wanted: tuple[str, ...]) -> tuple[str, ...]:
    seen = [remote.connection for remote in visible_remote_orders(call.desk, call.caller, order)]
    return narrowed_connections(call.caller, wanted, seen)


def _places_of_role(call: ApiCall, order: Order, wanted: tuple[str, ...], role: ConnectionRole) -> tuple[str, ...]:
    """The connections that are named, else those of a role; empty for a caller of all, for whom the desk chooses."""
    remote_orders = visible_remote_orders(call.desk, call.caller, order)
    places = narrowed_connections(
        call.caller, wanted, [remote.connection for remote in remote_orders if remote.role is role]
    )
    if call.caller.connections and not places:
        raise InvalidStateError(f"the order is registered at no {role.value} that the token may touch")
    return places


def _status_document(call: ApiCall, status: CancellationStatus) -> JsonObject:
    document = cancellation_status_document(status)
    seen = [case_document(case) for case in status.cases if call.caller.sees(case.connection)]
    return document | {"cases": seen}


def withdraw_order(call: ApiCall) -> JsonObject:
    """Withdraw the cancellation of an order wherever nothing was sent."""
    request, order = call.body_as(NoteRequest), find_order(call, call.path["order"])
    if call.caller.connections:
        cases = _withdraw_seen(call, order, request.note)
    else:
        cases = call.desk.cancellations.withdraw(own_reference(order), by=call.caller.name, note=request.note)
    return {"order": order.id, "cases": [case_document(case) for case in cases]}


def _withdraw_seen(call: ApiCall, order: Order, note: str | None) -> tuple[CancelCase, ...]:
    """The same at the caller's connections alone: what was wanted elsewhere stays wanted."""
    found = call.desk.ledger.cases(CancelCase, order_id=order.id)
    opened = [case for case in found if case.is_open and not case.is_reported and call.caller.sees(case.connection)]
    for case in opened:
        with suppress(InvalidStateError):  # Sent already: only its service can say how it ends.
            call.desk.cases.withdraw(case.id, by=call.caller.name, note=note)
    return tuple(call.desk.ledger.case(case.id, CancelCase) for case in opened)


def resubmit_order(call: ApiCall) -> JsonObject:
    """Submit a canceled order again."""
    request, order = call.body_as(ResubmitOrderRequest), find_order(call, call.path["order"])
    wanted = () if request.connection is None else (request.connection,)
    places = _places(call, order, wanted)
    if call.caller.connections and len(places) != 1:
        raise ValidationError("name the connection to submit to", location="$.connection")
    target = places[0] if places else None
    case = call.desk.resubmissions.create(
        own_reference(order), by=call.caller.name, connection=target, number=request.number
    )
    return {"case": case_document(case)}


def report_shipped(call: ApiCall) -> JsonObject:
    """Take down that an order was shipped: an alarm where it was to be canceled."""
    request, order = call.body_as(ShipmentRequest), find_order(call, call.path["order"])
    places = _places_of_role(call, order, request.connections, ConnectionRole.FULFILLMENT)
    cases = call.desk.notifications.report_shipped(
        own_reference(order), by=call.caller.name, connections=places, note=request.note
    )
    return {"order": order.id, "cases": [case_document(case) for case in cases]}


def set_status(call: ApiCall) -> JsonObject:
    """Give an order a status at its carts."""
    request, order = call.body_as(SetStatusRequest), find_order(call, call.path["order"])
    places = _places_of_role(call, order, request.connections, ConnectionRole.CART)
    result = call.desk.status_changes.create(
        own_reference(order), request.status, by=call.caller.name, connections=places, reason=request.reason
    )
    return {
        "status": result.status,
        "is_settled": result.is_settled,
        "cancellation": None if result.cancellation is None else _status_document(call, result.cancellation),
        "changes": [case_document(change) for change in result.changes],
    }
