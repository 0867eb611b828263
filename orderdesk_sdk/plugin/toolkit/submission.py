"""Submitting an order again: what a flow must know of the new number before it creates, and what a reply then says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal, number_taken, refused, unclear
from orderdesk_sdk.plugin.toolkit.required_fields import refusing

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.orders.order import Order, Placement
    from orderdesk_sdk.plugin.requests import ResubmitRequest
    from orderdesk_sdk.plugin.service import Flow, Service
    from orderdesk_sdk.plugin.toolkit.service_errors import OwnErrors

__all__ = ["look_before_create", "submit"]

S = TypeVar("S")


def look_before_create(
    request: ResubmitRequest,
    service: Service[S],
    look: httpx.Request,
    find: Callable[[httpx.Response], Answer | None],
    is_ours: Callable[[httpx.Response, Order], bool] | None = None,
    lines: Callable[[httpx.Response], httpx.Request] | None = None,
) -> Flow[Answer | Placement | None]:
    """None where the new number is free and the order is to be created; else what the flow ends with.

    An order that is there already is ours only where an earlier create may have made it (`request.unsure`) and it is on
    its way; one that is over has taken the number, and where nobody can tell, nothing is made a second time.
    look: reads the order by its new number. find: what the reply says of it, as a check does; None: there is none.
    is_ours: whether a reply has the lines of ours; None: the number alone tells. lines: the request for that reply, by
    what was looked at; None: it is the same one.
    """
    order, there = request.order, (yield look)
    found = find(there)
    if found is None or not there.is_success:
        return found
    if not request.unsure or not (found.outcome is Outcome.UNCLEAR or _is_alive(found)):
        return number_taken(there, order.number)
    if found.outcome is Outcome.UNCLEAR:
        return found
    reply = (yield lines(there)) if lines is not None else there
    if not reply.is_success:
        return unclear(reply)
    mine = is_ours is None or is_ours(reply, order)
    return service.placement(order.number) if mine else number_taken(there, order.number)


def _is_alive(found: Answer) -> bool:
    return found.outcome is Outcome.PENDING or found.refusal is Refusal.TOO_LATE


def submit(
    request: ResubmitRequest,
    service: Service[S],
    errors: OwnErrors,
    *,
    look: httpx.Request,
    create: Callable[[], httpx.Request],
    find: Callable[[httpx.Response], Answer | None],
    is_made: Callable[[httpx.Response], object],
    is_ours: Callable[[httpx.Response, Order], bool] | None = None,
    lines: Callable[[httpx.Response], httpx.Request] | None = None,
) -> Flow[Answer | Placement]:
    """A resubmit flow: it looks whether the new number is free, as `look_before_create` does, and then creates.

    create: the request that creates the order; an InputError that it raises refuses the order, before anything is sent.
    find: as there; what `errors` calls unknown, it is not asked of. is_made: whether a success shows the new order.
    """
    number = request.order.number
    with refusing():
        creating = create()
    found = yield from look_before_create(request, service, look, errors.unless_unknown(find), is_ours, lines)
    if found is not None:
        return found
    made = yield creating
    if made.is_success and is_made(made):
        return service.placement(number)
    if made.status_code in (400, 409, 422):
        remedy = f"mend it; or, if {number} is used there, see whether by an earlier try of this order"
        return refused(made, Refusal.NOT_ALLOWED, text=errors.words(made), remedy=remedy)
    return errors.untold(made)
