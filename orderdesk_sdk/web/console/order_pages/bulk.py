"""Many orders at once: what each would do, the press, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.desk.bulk.lists import MAX_LISTED
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.plugin.reasons import StandardReason
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import form_key, form_text, form_texts, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import new_key, render
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.console.views.orders.bulk import make_bulk_view, make_preview, reason_choices
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.references import order_id, order_ref

__all__ = ["preview_bulk", "resume_bulk", "show_bulk", "show_bulk_live", "start_bulk"]

MAX_LIST_TEXT = 60_000


def preview_bulk(request: Request, form: FormData) -> Response:
    """Show what the chosen orders would do, in sums. Records nothing."""
    whole = form_text(form, "whole") == "yes"
    refs = _split(form_text(form, "shown", limit=MAX_LIST_TEXT)) if whole else form_texts(form, "order")
    if not 1 <= len(refs) <= MAX_LISTED:
        raise ValidationError(
            f"{len(refs)} orders were chosen", location="bulk", hint=f"go back and choose 1 to {MAX_LISTED} orders"
        )
    desk = desk_of(request)
    plans, covered = _plans(desk, [order_id(ref) for ref in refs])
    preview = make_preview(plans, covered)
    data = {
        "title": f"Cancel {counted(len(plans), 'order')}?",
        "preview": preview,
        "reasons": reason_choices(preview),
        "orders": ",".join(order_ref(plan.order_id) for plan in plans),
        "key": new_key(),
    }
    return render(request, "bulk_confirm.html", data)


def start_bulk(request: Request, form: FormData) -> Response:
    """Keep the list and begin to record it; the same key again changes nothing."""
    desk, caller, key = desk_of(request), caller_of(request), form_key(form)
    ids = [order_id(ref) for ref in _split(form_text(form, "orders", limit=MAX_LIST_TEXT))]
    desk.bulks.start(ids, by=caller.name, reason=_reason(form), key=key)
    address = client_address(request.scope)
    desk.audit.record(caller.name, AuditAction.CANCEL_REQUESTED, f"bulk {key}", counted(len(ids), "order"), address)
    return see_other(f"/bulk/{key}")


def _reason(form: FormData) -> str | None:
    """A reason of the list. No other: it is kept beside the bulk, where no text of a person may stand."""
    given = form_text(form, "reason")
    if given and given not in [reason.value for reason in StandardReason]:
        raise ValidationError("this reason is not in the list", hint="go back and choose one of the list")
    return given or None


def show_bulk(request: Request) -> Response:
    """How far a bulk has come."""
    return render(request, "bulk.html", _bulk_data(request))


def show_bulk_live(request: Request) -> Response:
    """What of that page changes by itself, as HTML for console.js."""
    return render(request, "bulk_live.html", _bulk_data(request))


def resume_bulk(request: Request, _: FormData) -> Response:
    """Go on where the recording was cut off."""
    key = request.path_params["key"]
    desk_of(request).bulks.resume(key)
    return see_other(f"/bulk/{key}", "resumed")


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref for ref in text.split(",") if ref))


def _plans(desk: Desk, ids: Sequence[str]) -> tuple[list[Plan], dict[str, list[str]]]:
    """The plans of orders, and where all of each is canceled or being so; an order that is gone is left out."""
    plans: list[Plan] = []
    covered: dict[str, list[str]] = {}
    for found in ids:
        try:
            plan = desk.cancellations.plan(f"id:{found}")
        except NotFoundError:
            continue
        plans.append(plan)
        cases = desk.ledger.cases(CancelCase, order_id=found)
        if cases:
            order, remote_orders = desk.orders.get(f"id:{found}"), desk.order_store.remote_orders(found)
            coverage = CancellationCoverage.of(order, remote_orders, desk.ledger.cancellations(found), cases)
            covered[found] = [
                remote.connection for remote in remote_orders if coverage.is_canceled_or_open(remote.connection)
            ]
    return plans, covered


def _bulk_data(request: Request) -> dict[str, object]:
    desk = desk_of(request)
    seen_until = desk.feed.head()
    progress = desk.bulks.progress(request.path_params["key"])
    ids = progress.bulk.order_ids
    numbers = {place: _number(desk, ids[place - 1]) for place in progress.bulk.refused if place <= len(ids)}
    view = make_bulk_view(progress, numbers)
    return {
        "title": f"Canceling {view.total} orders",
        "bulk": view,
        "seen_until": seen_until,
        "resume_off": role_refusal(caller_of(request).role, Role.OPERATOR),
    }


def _number(desk: Desk, found: str) -> str:
    try:
        return desk.orders.get(f"id:{found}").number
    except NotFoundError:
        return found
