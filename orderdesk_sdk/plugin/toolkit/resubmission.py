"""Submitting an order again.

What a flow must know of the new number before it creates, and what a response then says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection, number_taken, rejected, unknown
from orderdesk_sdk.plugin.toolkit.required_fields import reject_invalid_order

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.orders.order import Order, RemoteOrder
    from orderdesk_sdk.plugin.requests import ResubmitRequest
    from orderdesk_sdk.plugin.service import Flow, Service
    from orderdesk_sdk.plugin.toolkit.service_errors import ServiceErrors

__all__ = ["read_before_create", "submit_order"]

S = TypeVar("S")


def read_before_create(
    request: ResubmitRequest,
    service: Service[S],
    read: httpx.Request,
    parse: Callable[[httpx.Response], Answer | None],
    matches_order: Callable[[httpx.Response, Order], bool] | None = None,
    request_lines: Callable[[httpx.Response], httpx.Request] | None = None,
) -> Flow[Answer | RemoteOrder | None]:
    """None where the new number is free, so that the order can be created; otherwise the end of the flow.

    An order that is there already is ours only where an earlier create may have made it (`request.may_exist`) and where
    it is on its way. One that is over has taken the number. Where that is unknown, no second order is made.

    Args:
        read: reads the order by its new number.
        parse: what the response says of the order, as a poll does; it gives None where there is no such order.
        matches_order: whether a response has the lines of our order; None: the number alone decides.
        request_lines: the request that reads the lines, made of the first response; None: the first one has them.
    """
    order, there = request.order, (yield read)
    found = parse(there)
    if found is None or not there.is_success:
        return found
    if not request.may_exist or not (found.outcome is Outcome.UNKNOWN or _is_active(found)):
        return number_taken(there, order.number)
    if found.outcome is Outcome.UNKNOWN:
        return found
    response = (yield request_lines(there)) if request_lines is not None else there
    if not response.is_success:
        return unknown(response)
    mine = matches_order is None or matches_order(response, order)
    return service.remote_order(order.number) if mine else number_taken(there, order.number)


def _is_active(answer: Answer) -> bool:
    return answer.outcome is Outcome.PENDING or answer.rejection is Rejection.TOO_LATE


# Many parameters: one for each step of the conversation, by keyword.
def submit_order(
    request: ResubmitRequest,
    service: Service[S],
    errors: ServiceErrors,
    *,
    read: httpx.Request,
    create: Callable[[], httpx.Request],
    parse: Callable[[httpx.Response], Answer | None],
    is_created: Callable[[httpx.Response], object],
    matches_order: Callable[[httpx.Response, Order], bool] | None = None,
    request_lines: Callable[[httpx.Response], httpx.Request] | None = None,
) -> Flow[Answer | RemoteOrder]:
    """A resubmit flow: it looks whether the new number is free, as `read_before_create` does, and then creates.

    Args:
        create: the request that creates the order; a ValidationError that it raises rejects the order, before anything
            is sent.
        parse: as there; what `errors` calls unknown, it is not asked of.
        is_created: whether a success shows the new order.
    """
    number = request.order.number
    with reject_invalid_order():
        creating = create()
    found = yield from read_before_create(
        request, service, read, errors.unless_not_found(parse), matches_order, request_lines
    )
    if found is not None:
        return found
    made = yield creating
    if made.is_success and is_created(made):
        return service.remote_order(number)
    if made.status_code in (400, 409, 422):
        hint = f"mend it; or, if {number} is used there, see whether by an earlier try of this order"
        return rejected(made, Rejection.NOT_ALLOWED, message=errors.message(made), hint=hint)
    return errors.answer_without_order(made)
