"""Making a cancellation: which remote orders it is about, what each of them takes, and the cases that it opens.

Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.line_names import line_label, resolve_recorded_lines
from orderdesk_sdk.plugin.reasons import resolve_reason
from orderdesk_sdk.plugin.routes import Route, Scope

__all__ = [
    "validate",
    "validate_lines",
    "is_whole",
    "open_cancel_cases",
    "select_remote_orders",
    "request_fingerprint",
    "require_offered",
    "with_line_ids",
]


def request_fingerprint(
    order_id: str,
    reason: str | None,
    connections: Sequence[str],
    lines: Mapping[str, int],
    side_effects: Sequence[SideEffect] = (),
) -> str:
    """What tells two cancellations apart that were given one key."""
    content: list[object] = [order_id, reason, sorted(connections), sorted(lines.items())]
    if side_effects:  # Without any it is what earlier versions made.
        content.append(sorted(effect.value for effect in side_effects))
    document = json.dumps(content)
    return hashlib.sha256(document.encode()).hexdigest()


def select_remote_orders(
    order: Order, remote_orders: Sequence[RemoteOrder], connections: Sequence[str]
) -> tuple[RemoteOrder, ...]:
    """The remote orders that a cancellation names; all of them where it names none.

    Raises InvalidStateError where there is none.
    """
    registered = {remote_order.connection for remote_order in remote_orders}
    unknown = [name for name in connections if name not in registered]
    if not remote_orders or unknown:
        raise InvalidStateError(
            f"the order is not registered at {' or '.join(unknown) or 'any connection'}",
            location=f"order {order.number}",
            hint="register the connection that has the order with `orderdesk register`",
        )
    return tuple(
        remote_order for remote_order in remote_orders if not connections or remote_order.connection in connections
    )


def with_line_ids(order: Order, cancellation: Cancellation) -> Cancellation:
    """The cancellation with its lines named by their ids, also where an early version kept names as they were typed."""
    if cancellation.line_names or not cancellation.lines:
        return cancellation
    lines = resolve_recorded_lines(order, cancellation.lines)
    return evolve(cancellation, lines=lines, line_names={line_id: line_label(order, line_id) for line_id in lines})


def is_whole(order: Order, lines: Mapping[str, int]) -> bool:
    """Whether lines, by id and with quantities, are all that is ordered."""
    return all(lines.get(line.id, 0) >= line.quantity for line in order.lines)


def validate(
    route: Route, title: str, settings: object, order: Order, reason: str | None, lines: Mapping[str, int]
) -> None:
    """Hold a cancellation, its lines by id, against what a route takes. Raises ValidationError with the hint."""
    location = f"order {order.number} at {title}"
    validate_lines(order, lines)
    if lines and not is_whole(order, lines) and route.scope is Scope.ORDER:
        raise ValidationError(
            "the service cancels whole orders only",
            location=location,
            hint="cancel the whole order and resubmit the rest under a new number",
        )
    full = all(quantity == order.line(line_id).quantity for line_id, quantity in lines.items())
    if lines and not full and route.scope is Scope.LINES:
        raise ValidationError(
            "the service cancels whole lines only", location=location, hint="name the line's whole quantity"
        )
    resolve_reason(route.reasons, reason, settings, order, location)


def validate_lines(order: Order, lines: Mapping[str, int]) -> None:
    """Refuse lines, by id, that the order does not have, or not so many of. Raises ValidationError."""
    for line_id, quantity in lines.items():
        ordered = order.line(line_id).quantity
        if not 0 < quantity <= ordered:
            raise ValidationError(
                f"{quantity} of {line_label(order, line_id)} cannot be canceled, {ordered} are ordered",
                location=f"order {order.number}",
                hint="the order may have been changed since: repeat the request with its present quantities",
            )


def open_cancel_cases(
    cancellation: Cancellation,
    remote_orders: Sequence[RemoteOrder],
    integration_of: Callable[[str], str],
    allowed_effects: Mapping[str, tuple[SideEffect, ...]] | None = None,
) -> tuple[CancelCase, ...]:
    """One requested case for each remote order, the cart's last.

    Args:
        allowed_effects: what a person allowed to be asked for besides, by connection; None: nothing anywhere.
    """
    allowed = allowed_effects or {}
    ordered = sorted(remote_orders, key=lambda remote_order: remote_order.role is ConnectionRole.CART)
    return tuple(
        CancelCase(
            id=f"{cancellation.id}-{number}",
            cancellation_id=cancellation.id,
            order_id=cancellation.order_id,
            order_number=cancellation.order_number,
            connection=remote_order.connection,
            integration=integration_of(remote_order.connection),
            remote_id=remote_order.remote_id,
            role=remote_order.role,
            state=State.REPORTED if remote_order.connection == cancellation.reported_by else State.PENDING,
            is_reported=remote_order.connection == cancellation.reported_by,
            created_at=cancellation.requested_at,
            updated_at=cancellation.requested_at,
            due_at=cancellation.requested_at,
            requested_by=cancellation.requested_by,
            caused_by_rules=cancellation.caused_by_rules,
            side_effects=allowed.get(remote_order.connection, ()),
        )
        for number, remote_order in enumerate(ordered, start=1)
    )


def require_offered(plan: Plan, wanted: Cancellation) -> None:
    """Raises ValidationError for a side effect that no connection of a cancellation offers, or does anyway."""
    entries = [entry for entry in plan.entries if not wanted.connections or entry.connection in wanted.connections]
    for effect in wanted.side_effects:
        if not any(effect in entry.also_done for entry in entries):
            raise ValidationError(
                f"no connection of this cancellation offers the side effect {effect.value!r}",
                location=f"order {plan.order_number}",
                hint="leave it out; `orderdesk plan` shows what is offered",
            )
