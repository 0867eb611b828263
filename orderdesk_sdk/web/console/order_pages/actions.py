"""What else can be pressed at an order and at its cases."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.errors import ConflictError, InvalidStateError, PluginError, ValidationError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import FormHandler, form_text, see_other
from orderdesk_sdk.web.console.order_pages.order import NOTHING_CHOSEN, show_order_again
from orderdesk_sdk.web.console.order_pages.reading import desk_of, order_named
from orderdesk_sdk.web.console.polling import poll_now, take_poll
from orderdesk_sdk.web.middleware.client_address import client_address

__all__ = [
    "poll_case",
    "read_eligibility",
    "resubmit_order",
    "retry_case",
    "set_status",
    "withdraw_case",
    "withdraw_order",
]


def _pressed(action: AuditAction, notice: str, press: Callable[[Request, FormData, str], object]) -> FormHandler:
    """The handler of a button of the order page: what keeps it from being done is shown there."""

    def handler(request: Request, form: FormData) -> Response:
        desk, order, caller = desk_of(request), order_named(request), caller_of(request)
        found = desk.orders.get(order)
        try:
            press(request, form, order)
        except (InvalidStateError, ConflictError, PluginError, ValidationError) as error:
            status = 422 if isinstance(error, ValidationError) else 409
            return show_order_again(request, order, NOTHING_CHOSEN, error, status=status)
        address = client_address(request.scope)
        desk.audit.record(caller.name, action, order_subject(found.id), address=address)
        return see_other(f"/orders/{request.path_params['ref']}", notice)

    return handler


def _case(request: Request, order: str) -> Case:
    """The case that an address names. Raises HTTPException 404 where it is none of the order's."""
    desk = desk_of(request)
    case = desk.cases.get(request.path_params["case"])
    if case.order_id != desk.orders.get(order).id:
        raise HTTPException(404)
    return case


def _withdraw(request: Request, _: FormData, order: str) -> None:
    desk_of(request).cancellations.withdraw(order, by=caller_of(request).name)


def _withdraw_case(request: Request, _: FormData, order: str) -> None:
    desk_of(request).cases.withdraw(_case(request, order).id, by=caller_of(request).name)


def _poll_case(request: Request, _: FormData, order: str) -> None:
    poll_now(request, _case(request, order))


def _read_eligibility(request: Request, form: FormData, order: str) -> None:
    desk, connection = desk_of(request), form_text(form, "connection", limit=200)
    take_poll(request, desk.orders.get(order).id)
    (result,) = desk.eligibility.read(order, by=caller_of(request).name, connections=[connection])
    if result.problem is not None:
        raise InvalidStateError(result.problem, location=connection, hint="ask again later")


def _retry_case(request: Request, _: FormData, order: str) -> None:
    desk_of(request).cases.retry(_case(request, order).id, by=caller_of(request).name)


def _set_status(request: Request, form: FormData, order: str) -> None:
    connection, _, status = form_text(form, "status", limit=300).partition(": ")
    desk_of(request).status_changes.create(order, status, by=caller_of(request).name, connections=[connection])


def _resubmit(request: Request, form: FormData, order: str) -> None:
    desk_of(request).resubmissions.create(
        order,
        by=caller_of(request).name,
        connection=form_text(form, "connection", limit=200) or None,
        number=form_text(form, "number", limit=200) or None,
    )


withdraw_order = _pressed(AuditAction.WITHDRAWN, "withdrawn", _withdraw)
withdraw_case = _pressed(AuditAction.WITHDRAWN, "withdrawn", _withdraw_case)
poll_case = _pressed(AuditAction.POLLED, "polled", _poll_case)
read_eligibility = _pressed(AuditAction.ELIGIBILITY_READ, "eligibility-read", _read_eligibility)
retry_case = _pressed(AuditAction.RETRIED, "retried", _retry_case)
set_status = _pressed(AuditAction.STATUS_SET, "status-set", _set_status)
resubmit_order = _pressed(AuditAction.RESUBMITTED, "resubmitted", _resubmit)
