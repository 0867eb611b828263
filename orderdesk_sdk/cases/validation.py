"""Making a wish: which placements it is about, what each of them takes, and the cases that it opens. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.lines import line_label, lines_not_canceled, resolve_recorded_lines
from orderdesk_sdk.plugin.reasons import resolve_reason
from orderdesk_sdk.plugin.routes import Route, Scope

__all__ = [
    "validate",
    "validate_lines",
    "ensure_submittable",
    "latest_cases",
    "cancels_whole_order",
    "select_not_covered",
    "open_cancel_cases",
    "select_remote_orders",
    "request_fingerprint",
    "with_line_ids",
]


def request_fingerprint(order_id: str, reason: str | None, connections: Sequence[str], lines: Mapping[str, int]) -> str:
    """What tells two wishes apart that were given one key."""
    document = json.dumps([order_id, reason, sorted(connections), sorted(lines.items())])
    return hashlib.sha256(document.encode()).hexdigest()


def select_remote_orders(
    order: Order, remote_orders: Sequence[RemoteOrder], connections: Sequence[str]
) -> tuple[RemoteOrder, ...]:
    """The placements that a wish names; all of them where it names none.

    Raises InvalidStateError where there is none.
    """
    known = {placement.connection for placement in remote_orders}
    unknown = [name for name in connections if name not in known]
    if not remote_orders or unknown:
        where = f"not to {', '.join(unknown)}" if remote_orders else "nowhere"
        raise InvalidStateError(
            f"the order was submitted {where}, so there is nothing to cancel",
            location=f"order {order.number}",
            hint="register where it is with `orderdesk place`",
        )
    return tuple(placement for placement in remote_orders if not connections or placement.connection in connections)


def select_not_covered(
    remote_orders: Sequence[RemoteOrder],
    cases: Sequence[Case],
    cancellations: Sequence[Cancellation],
    lines: Mapping[str, int],
) -> tuple[RemoteOrder, ...]:
    """The placements at which this is not being canceled, or canceled, already. Lines are named by their ids.

    A wish for the whole order covers every part; a wish for a part covers the same part. Raises InvalidStateError where
    another part is being canceled right now: two open cases at one place could not be told apart there.
    """
    parts = {wish.id: dict(wish.lines) for wish in cancellations}
    covered = {
        case.connection
        for case in cases
        if (case.is_open or case.state is State.CANCELED or (case.state is State.PARTIALLY_CANCELED and not lines))
        and parts.get(case.cancellation_id, {}) in ({}, dict(lines))
    }
    open_at = {case.connection for case in cases if case.is_open} - covered
    busy = [placement.connection for placement in remote_orders if placement.connection in open_at]
    if busy:
        raise InvalidStateError(
            f"another part of the order is being canceled at {', '.join(busy)}",
            location=f"order {cases[0].order_number}",
            hint="wait until that is settled, or withdraw it",
        )
    return tuple(placement for placement in remote_orders if placement.connection not in covered)


def with_line_ids(order: Order, cancellation: Cancellation) -> Cancellation:
    """The wish with its lines named by their ids, also where an early version kept names as they were typed."""
    if cancellation.line_names or not cancellation.lines:
        return cancellation
    lines = resolve_recorded_lines(order, cancellation.lines)
    return evolve(cancellation, lines=lines, line_names={line_id: line_label(order, line_id) for line_id in lines})


def latest_cases(cases: Sequence[Case], remote_orders: Sequence[RemoteOrder]) -> dict[str, Case]:
    """The latest of an order's cases at each connection, but for those where the order was not submitted after all."""
    held = {placement.connection for placement in remote_orders}
    latest = {case.connection: case for case in cases}
    return {name: case for name, case in latest.items() if name in held or case.state is not State.WITHDRAWN}


def cancels_whole_order(case: Case, cancellation: Cancellation, order: Order) -> bool:
    """Whether a canceled case took all of the order away at its place; a wish for a part seldom does."""
    if case.state is not State.CANCELED:
        return False
    lines = with_line_ids(order, cancellation).lines
    if not lines:
        return True
    if any(line.canceled < line.ordered for line in case.lines):
        return False
    return _is_whole(order, lines) or (bool(case.lines) and lines_not_canceled(order, {}, case.lines) is None)


def _is_whole(order: Order, lines: Mapping[str, int]) -> bool:
    return all(lines.get(line.id, 0) >= line.quantity for line in order.lines)


def validate(
    route: Route, title: str, settings: object, order: Order, reason: str | None, lines: Mapping[str, int]
) -> None:
    """Hold a wish, its lines by id, against what a route takes. Raises ValidationError with the remedy."""
    place = f"order {order.number} at {title}"
    validate_lines(order, lines)
    if lines and not _is_whole(order, lines) and route.scope is Scope.ORDER:
        raise ValidationError(
            "only the whole order can be canceled there",
            location=place,
            hint="cancel the whole order and resubmit the rest under a new number",
        )
    full = all(quantity == order.line(line_id).quantity for line_id, quantity in lines.items())
    if lines and not full and route.scope is Scope.LINES:
        raise ValidationError(
            "only whole lines can be canceled there", location=place, hint="name the line's whole quantity"
        )
    resolve_reason(route.reasons, reason, settings, order, place)


def validate_lines(order: Order, lines: Mapping[str, int]) -> None:
    """Refuse lines, by id, that the order does not have, or not so many of. Raises ValidationError."""
    for line_id, quantity in lines.items():
        ordered = order.line(line_id).quantity
        if not 0 < quantity <= ordered:
            raise ValidationError(
                f"{quantity} of {line_label(order, line_id)} cannot be canceled, {ordered} are ordered",
                location=f"order {order.number}",
                hint="the order may have been changed since: ask anew for what it has now",
            )


def open_cancel_cases(
    cancellation: Cancellation, remote_orders: Sequence[RemoteOrder], integration_of: Callable[[str], str]
) -> tuple[Case, ...]:
    """One requested case for each placement, the cart's last."""
    ordered = sorted(remote_orders, key=lambda placement: placement.role is ConnectionRole.CART)
    return tuple(
        Case(
            id=f"{cancellation.id}-{number}",
            cancellation_id=cancellation.id,
            order_id=cancellation.order_id,
            order_number=cancellation.order_number,
            connection=placement.connection,
            integration=integration_of(placement.connection),
            remote_id=placement.remote_id,
            role=placement.role,
            state=State.REPORTED if placement.connection == cancellation.reported_by else State.PENDING,
            is_reported=placement.connection == cancellation.reported_by,
            created_at=cancellation.requested_at,
            updated_at=cancellation.requested_at,
            due_at=cancellation.requested_at,
            caused_by_rules=cancellation.caused_by_rules,
        )
        for number, placement in enumerate(ordered, start=1)
    )


def ensure_submittable(order: Order, cases: Sequence[Case]) -> None:
    """Raises InvalidStateError where an order is canceled or being so anywhere, by its cases, oldest first."""
    latest = {case.connection: case for case in cases}
    against = [
        f"{case.connection} ({case.state.value})"
        for case in latest.values()
        if case.is_open or case.state in (State.CANCELED, State.PARTIALLY_CANCELED, State.SHIPPED_ANYWAY)
    ]
    if against:
        raise InvalidStateError(
            f"it was canceled, or is being canceled, at {', '.join(against)}",
            location=f"order {order.number}",
            hint="resubmit a canceled order as a duplicate: `orderdesk resubmit`",
        )
