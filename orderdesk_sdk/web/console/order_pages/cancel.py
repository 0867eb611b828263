"""The confirmation of a cancellation, and the press."""

from __future__ import annotations

from attrs import evolve
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError, PlanChangedError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import form_key, form_text, form_texts, see_other
from orderdesk_sdk.web.console.order_pages.order import show_order_again
from orderdesk_sdk.web.console.order_pages.reading import desk_of, order_named, read_order
from orderdesk_sdk.web.console.templating import new_key, render
from orderdesk_sdk.web.console.views.orders.page import make_order_page, order_lines
from orderdesk_sdk.web.console.views.orders.review import CancelChoice, make_review, read_quantities
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.references import order_ref

__all__ = ["cancel_order", "review_cancel"]

MAX_REASON = 500


def review_cancel(request: Request, form: FormData) -> Response:
    """Show what a cancellation will do, and ask. Records nothing."""
    desk, order = desk_of(request), order_named(request)
    choice = _choice(form)
    effects = choice.side_effects
    plan = desk.cancellations.plan(order, side_effects=effects) if effects else None
    record = read_order(desk, order, plan)
    try:
        choice = _with_quantities(choice, form, record.order)
        page = make_order_page(record, caller_of(request).role)
        review = make_review(page, choice, form_text(form, "plan") if plan is None else plan.token)
    except ValidationError as error:
        return show_order_again(request, order, choice, error, status=422)
    ref = order_ref(record.order.id)
    data = {"title": f"Cancel order {record.order.number}", "ref": ref, "page": page, "review": review}
    return render(request, "confirm.html", data | {"key": new_key()})


def cancel_order(request: Request, form: FormData) -> Response:
    """Record the cancellation; the server's worker asks each place at once."""
    desk, order, caller = desk_of(request), order_named(request), caller_of(request)
    found = desk.orders.get(order)
    choice = _choice(form)
    try:
        choice = _with_quantities(choice, form, found)
        desk.cancel(
            order,
            by=caller.name,
            reason=choice.reason,
            idempotency_key=f"console {caller.name} {form_key(form)}",
            connections=choice.connections,
            lines=_lines(choice, found),
            send_now=False,
            plan_token=form_text(form, "plan"),
            side_effects=choice.side_effects,
        )
    except PlanChangedError as error:
        seen = (error.plan, form_text(form, "seen", limit=20_000))
        return show_order_again(request, order, choice, error, status=409, new_plan=seen)
    except (ValidationError, InvalidStateError, ConflictError) as error:
        return show_order_again(request, order, choice, error, status=_status(error))
    address = client_address(request.scope)
    detail = choice.reason or ""
    desk.audit.record(caller.name, AuditAction.CANCEL_REQUESTED, order_subject(found.id), detail, address)
    return see_other(f"/orders/{order_ref(found.id)}", "recorded")


def _status(error: OrderDeskError) -> int:
    return 422 if isinstance(error, ValidationError) else 409


def _choice(form: FormData) -> CancelChoice:
    """What was chosen, but for the lines. Raises ValidationError for a reason that is too long."""
    listed, words = (form_text(form, name, limit=MAX_REASON) for name in ("reason", "words"))
    wanted = form_texts(form, "also")
    return CancelChoice(
        listed, words, form_texts(form, "at"), {}, tuple(effect for effect in SideEffect if effect.value in wanted)
    )


def _with_quantities(choice: CancelChoice, form: FormData, order: Order) -> CancelChoice:
    """With the lines that were chosen. Raises ValidationError for what is not a number of pieces."""
    fields = {name: text for name, text in form.items() if isinstance(text, str)}
    known = {line.field: line.quantity for line in order_lines(order)}
    return evolve(choice, quantities=read_quantities(fields, known))


def _lines(choice: CancelChoice, order: Order) -> dict[str, int] | None:
    if not choice.quantities:
        return None
    ids = {view.field: line.id for view, line in zip(order_lines(order), order.lines, strict=True)}
    return {f"id:{ids[field]}": count for field, count in choice.quantities.items()}
