"""Making a wish: which placements it is about, what each of them takes, and the cases that it opens. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.errors import InputError, NotAllowedError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.lines import label, lines_of_names
from orderdesk_sdk.plugin.reasons import resolve_reason
from orderdesk_sdk.plugin.routes import Route, Scope

__all__ = [
    "demand",
    "demand_lines",
    "is_whole",
    "open_cases",
    "wanted_placements",
    "wish_content",
    "with_line_ids",
]


def wish_content(order_id: str, reason: str | None, at: Sequence[str], lines: Mapping[str, int]) -> str:
    """What tells two wishes apart that were given one key."""
    document = json.dumps([order_id, reason, sorted(at), sorted(lines.items())])
    return hashlib.sha256(document.encode()).hexdigest()


def wanted_placements(order: Order, placements: Sequence[Placement], at: Sequence[str]) -> tuple[Placement, ...]:
    """The placements that a wish names; all of them where it names none. Raises NotAllowedError where there is none."""
    known = {placement.connection for placement in placements}
    unknown = [name for name in at if name not in known]
    if not placements or unknown:
        where = f"not to {', '.join(unknown)}" if placements else "nowhere"
        raise NotAllowedError(
            f"the order was submitted {where}, so there is nothing to cancel",
            place=f"order {order.number}",
            remedy="register where it is with `orderdesk place`",
        )
    return tuple(placement for placement in placements if not at or placement.connection in at)


def with_line_ids(order: Order, wish: Cancellation) -> Cancellation:
    """The wish with its lines named by their ids, also where an early version kept names as they were typed."""
    if wish.line_names or not wish.lines:
        return wish
    lines = lines_of_names(order, wish.lines)
    return evolve(wish, lines=lines, line_names={line_id: label(order, line_id) for line_id in lines})


def is_whole(order: Order, lines: Mapping[str, int]) -> bool:
    """Whether lines, by id and with quantities, are all that is ordered."""
    return all(lines.get(line.id, 0) >= line.quantity for line in order.lines)


def demand(
    route: Route, title: str, settings: object, order: Order, reason: str | None, lines: Mapping[str, int]
) -> None:
    """Hold a wish, its lines by id, against what a route takes. Raises InputError with the remedy."""
    place = f"order {order.number} at {title}"
    demand_lines(order, lines)
    if lines and not is_whole(order, lines) and route.scope is Scope.ORDER:
        raise InputError(
            "only the whole order can be canceled there",
            place=place,
            remedy="cancel the whole order and resubmit the rest under a new number",
        )
    full = all(quantity == order.line(line_id).quantity for line_id, quantity in lines.items())
    if lines and not full and route.scope is Scope.LINES:
        raise InputError("only whole lines can be canceled there", place=place, remedy="name the line's whole quantity")
    resolve_reason(route.reasons, reason, settings, order, place)


def demand_lines(order: Order, lines: Mapping[str, int]) -> None:
    """Refuse lines, by id, that the order does not have, or not so many of. Raises InputError."""
    for line_id, quantity in lines.items():
        ordered = order.line(line_id).quantity
        if not 0 < quantity <= ordered:
            raise InputError(
                f"{quantity} of {label(order, line_id)} cannot be canceled, {ordered} are ordered",
                place=f"order {order.number}",
                remedy="the order may have been changed since: ask anew for what it has now",
            )


def open_cases(
    cancellation: Cancellation, placements: Sequence[Placement], slug: Callable[[str], str]
) -> tuple[Case, ...]:
    """One requested case for each placement, the cart's last."""
    ordered = sorted(placements, key=lambda placement: placement.role is Role.CART)
    return tuple(
        Case(
            id=f"{cancellation.id}-{number}",
            cancellation_id=cancellation.id,
            order_id=cancellation.order_id,
            order_number=cancellation.order_number,
            connection=placement.connection,
            integration=slug(placement.connection),
            remote_id=placement.remote_id,
            role=placement.role,
            state=State.HEARD if placement.connection == cancellation.heard_from else State.REQUESTED,
            heard=placement.connection == cancellation.heard_from,
            opened_at=cancellation.asked_at,
            updated_at=cancellation.asked_at,
            due_at=cancellation.asked_at,
            chain=cancellation.chain,
        )
        for number, placement in enumerate(ordered, start=1)
    )
