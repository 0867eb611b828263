"""The order page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.plan import Plan, PlanEntry
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.orders.order import Order, Shipment
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.console.views.orders.actions import Action, case_actions, role_refusal
from orderdesk_sdk.web.console.views.orders.changes import plan_summary
from orderdesk_sdk.web.console.views.orders.places import Place, effect_text, make_place, not_done_text
from orderdesk_sdk.web.console.views.orders.reasons import Reasons, make_reasons

__all__ = ["OrderHead", "OrderPage", "OrderRecord", "OtherCase", "customer_name", "make_order_page", "money"]


@frozen
class OrderRecord:
    """What was read for the page.

    Args:
        folder: the name of the folder that the order is in; None: in none.
        others: the resubmissions, status changes and responses of the order.
        settable: by connection, the statuses that the order can be given there, without canceled.
        resubmittable: connections whose service takes an order again.
    """

    order: Order
    folder: str | None
    plan: Plan
    coverage: CancellationCoverage
    others: tuple[Case, ...]
    settable: Mapping[str, tuple[str, ...]]
    resubmittable: tuple[str, ...]


@frozen
class OrderHead:
    """Who ordered what, in short."""

    number: str
    id: str
    source: str
    folder: str | None
    customer: str
    total: str
    added_at: datetime | None
    shipments: tuple[Shipment, ...]


@frozen
class OrderLineView:
    """A line of the order, with the name of its field of a form."""

    field: str
    name: str
    code: str
    quantity: int


@frozen
class OtherCase:
    """A case that is no cancellation."""

    id: str
    kind: str
    what: str
    connection: str
    state: State
    message: str | None
    hint: str | None
    due_at: datetime | None
    actions: tuple[Action, ...]


@frozen
class OrderPage:
    """The order page.

    Args:
        cancel_off: why the order cannot be canceled; None: it can.
        partial_off: why not only some lines of it; None: it can.
        resubmit_off: why it cannot be submitted again; None: it can. `resubmit_shown`: whether that is of interest yet.
        status_off: why no status can be set; None: one can.
        headline: where the order stands as a whole, and `headline_tone` its color.
        is_moving: a case is open, so the page changes by itself.
        offered: what may be asked for besides, each with what it does where, in words.
    """

    head: OrderHead
    places: tuple[Place, ...]
    lines: tuple[OrderLineView, ...]
    reasons: Reasons
    plan_token: str
    plan_at: datetime
    plan_seen: str
    not_done: tuple[str, ...]
    headline: str
    headline_tone: str
    cancel_off: str | None
    partial_off: str | None
    withdraw_off: str | None
    resubmit_off: str | None
    resubmit_shown: bool
    status_off: str | None
    settable: tuple[tuple[str, str], ...]
    resubmittable: tuple[str, ...]
    others: tuple[OtherCase, ...]
    has_cases: bool
    is_moving: bool
    offered: tuple[tuple[SideEffect, str], ...]


def customer_name(order: Order) -> str:
    """Who ordered, in short: a name; "" where the order gives none."""
    return order.customer.recipient or order.shipping.recipient


def money(amount: Decimal) -> str:
    """An amount in the store's currency, which orders do not name."""
    return f"{amount:,.2f}"


def make_order_page(record: OrderRecord, role: Role) -> OrderPage:
    """The order page for somebody of a role."""
    coverage, plan = record.coverage, record.plan
    places = tuple(
        make_place(
            entry,
            coverage.latest.get(entry.connection),
            is_covered=coverage.is_canceled_or_open(entry.connection),
            role=role,
        )
        for entry in plan.entries
    )
    block = coverage.blocks_resubmission()
    headline, tone = _headline(coverage, places)
    unsettled = [case for case in coverage.latest.values() if case.is_open]
    unasked = [entry for entry, place in zip(plan.entries, places, strict=True) if place.covered is None]
    return OrderPage(
        _head(record),
        places,
        order_lines(record.order),
        make_reasons(unasked),
        plan.token,
        plan.at,
        plan_summary(plan),
        not_done_text(plan.not_done),
        headline,
        tone,
        _cancel_off(places, role),
        _partial_off(places, record.order),
        _withdraw_off(unsettled, role),
        (block.message if block is not None else None) or role_refusal(role, Role.SUPERVISOR),
        bool(coverage.latest) and bool(record.resubmittable) and not unsettled,
        role_refusal(role, Role.SUPERVISOR),
        tuple((name, status) for name, statuses in record.settable.items() for status in statuses),
        record.resubmittable,
        tuple(_other(case, role) for case in record.others),
        bool(coverage.cases) or bool(record.others),
        bool(unsettled) or any(case.is_open for case in record.others),
        _offered(unasked),
    )


def _offered(entries: Sequence[PlanEntry]) -> tuple[tuple[SideEffect, str], ...]:
    found = [
        (
            effect,
            "; ".join(f"{entry.title}: {effect_text(entry, effect)}" for entry in entries if effect in entry.offered),
        )
        for effect in SideEffect
    ]
    return tuple((effect, text) for effect, text in found if text)


def order_lines(order: Order) -> tuple[OrderLineView, ...]:
    """The lines of an order; their fields are numbered, as their ids may be any texts."""
    return tuple(
        OrderLineView(f"line-{number}", line.name or line.code or line.id, line.code, line.quantity)
        for number, line in enumerate(order.lines)
    )


def _head(record: OrderRecord) -> OrderHead:
    order = record.order
    return OrderHead(
        order.number,
        order.id,
        order.source_name,
        record.folder,
        customer_name(order),
        money(order.order_total),
        order.added_at,
        order.shipments,
    )


def _headline(coverage: CancellationCoverage, places: Sequence[Place]) -> tuple[str, str]:
    states = {case.state for case in coverage.latest.values()}
    if not coverage.latest:
        return ("Nothing has been canceled.", "quiet") if places else ("Submitted nowhere yet.", "quiet")
    if State.SHIPPED_ANYWAY in states:
        return "Alarm: it shipped although it was to be canceled.", "bad"
    if coverage.is_fully_canceled():
        return "Canceled at every place.", "good"
    if State.ACTION_REQUIRED in states:
        return "A person must act before this is settled.", "ask"
    if any(case.is_open for case in coverage.latest.values()):
        settled = sum(not case.is_open for case in coverage.latest.values())
        count = len(coverage.latest)
        far = "its place has not decided yet" if count == 1 else f"{settled} of {count} places have decided"
        return f"Being canceled: {far}.", "info"
    return "Settled, but not canceled everywhere.", "warn"


def _cancel_off(places: Sequence[Place], role: Role) -> str | None:
    if not places:
        return "the order was submitted to no connection, so there is nothing to cancel"
    if all(place.covered for place in places):
        return "it is canceled, or being canceled, at every place"
    return role_refusal(role, Role.OPERATOR)


def _partial_off(places: Sequence[Place], order: Order) -> str | None:
    whole = [place.title for place in places if place.covered is None and place.scope in (None, "whole orders")]
    if not order.lines:
        return "the order has no lines"
    if len(order.lines) == 1 and order.lines[0].quantity <= 1:
        return "there is only one piece"
    return f"{_listed(whole)} can cancel whole orders only" if whole else None


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _withdraw_off(unsettled: Sequence[CancelCase], role: Role) -> str | None:
    if not unsettled:
        return "no cancellation is open"
    unsent = [case for case in unsettled if case.last_sent_at is None and case.state is not State.SENDING]
    if not [case for case in unsent if not case.is_reported]:
        return "every service has been asked already, or may have been, so only they can say"
    return role_refusal(role, Role.OPERATOR)


def _other(case: Case, role: Role) -> OtherCase:
    what = case.kind
    if isinstance(case, StatusCase):
        what = f"status {case.status}"
    elif isinstance(case, ResubmitCase):
        what = f"submitted again as {case.order_number}"
    return OtherCase(
        case.id,
        case.kind,
        what,
        case.connection,
        case.state,
        case.message,
        case.hint,
        case.due_at,
        case_actions(case, role),
    )
