"""What a token of some connections sees: orders that are there, their cases, and nothing about any other connection."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.cases.receipt import Receipt
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import JsonObject, plan_document
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.caller import Caller
from orderdesk_sdk.web.references import order_id

__all__ = [
    "find_case",
    "find_order",
    "narrowed_connections",
    "own_reference",
    "subject_order",
    "visible_plan",
    "visible_receipt",
    "visible_remote_orders",
]

_MAX_REFERENCE = 300


def find_order(call: ApiCall, reference: str) -> Order:
    """The order with this id or number, or by its reference in addresses; see `web.references`.

    Raises NotFoundError also for an order that is at none of the caller's connections, in the same words.
    """
    if len(reference) > _MAX_REFERENCE or not reference.isprintable():
        raise NotFoundError("there is no such order")
    named = f"id:{order_id(reference)}" if reference.startswith("~") else reference
    try:
        order = call.desk.orders.get(named)
    except NotFoundError as error:
        if type(error) is NotFoundError or call.caller.connections:
            raise NotFoundError(_no_order(reference)) from None
        raise
    if call.caller.connections and not visible_remote_orders(call.desk, call.caller, order):
        raise NotFoundError(_no_order(reference))
    return order


def own_reference(order: Order) -> str:
    """What the desk's services find an order by, and no other."""
    return f"id:{order.id}"


def _no_order(reference: str) -> str:
    return f"no order has the id or number {reference!r}"


def visible_remote_orders(desk: Desk, caller: Caller, order: Order) -> tuple[RemoteOrder, ...]:
    """Where an order was submitted, as far as the caller sees it."""
    return tuple(one for one in desk.order_store.remote_orders(order.id) if caller.sees(one.connection))


def find_case(call: ApiCall, case_id: str) -> Case:
    """A case by its whole id. Raises NotFoundError also for one at another connection than the caller's."""
    if len(case_id) > _MAX_REFERENCE or not case_id.isprintable():
        raise NotFoundError("there is no such case")
    try:
        case = call.desk.cases.get(case_id)
    except NotFoundError:
        case = None
    if case is None or not call.caller.sees(case.connection):
        raise NotFoundError(f"no case has the id {case_id!r}")
    return case


def subject_order(call: ApiCall) -> str | None:
    """The id of the order that a call is about; None for one that is about many, or none. Raises NotFoundError."""
    if "order" in call.path:
        return find_order(call, call.path["order"]).id
    return find_case(call, call.path["case"]).order_id if "case" in call.path else None


def narrowed_connections(caller: Caller, wanted: Sequence[str], present: Sequence[str] = ()) -> tuple[str, ...]:
    """The connections that a call acts at; empty means all, which only a caller of all connections may say.

    Args:
        wanted: as given; empty: wherever the caller may.
        present: those that the order is at.

    Raises ValidationError for one that the caller does not see, as for one that does not exist.
    """
    for name in wanted:
        if not caller.sees(name):
            raise ValidationError(
                f"the order was not submitted to a connection {name!r}", hint="name a connection of the order's plan"
            )
    if wanted or not caller.connections:
        return tuple(wanted)
    return tuple(name for name in present if caller.sees(name))


def visible_plan(caller: Caller, plan: Plan) -> JsonObject:
    """The document of a plan with the entries that the caller sees. Its token stays that of the whole plan."""
    seen = tuple(entry for entry in plan.entries if caller.sees(entry.connection))
    return plan_document(evolve(plan, entries=seen)) | {"token": plan.token}


def visible_receipt(caller: Caller, receipt: Receipt) -> Receipt:
    """The receipt with what happened at the caller's connections; whether the order is canceled everywhere stays."""
    if not caller.connections:
        return receipt
    cancellations = tuple(
        evolve(one, cases=cases)
        for one in receipt.cancellations
        if (cases := tuple(case for case in one.cases if caller.sees(case.case.connection)))
    )
    return evolve(
        receipt,
        cancellations=cancellations,
        resubmissions=tuple(case for case in receipt.resubmissions if caller.sees(case.connection)),
        status_changes=tuple(case for case in receipt.status_changes if caller.sees(case.connection)),
        responses=tuple(case for case in receipt.responses if caller.sees(case.connection)),
        flaws=("a part of the ledger is not as it was written",) if receipt.flaws else (),
    )
