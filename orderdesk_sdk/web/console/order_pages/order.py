"""The order page, and the part of it that changes by itself."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of, order_named, read_order
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.viewing import record_view
from orderdesk_sdk.web.console.views.orders.changes import plan_changes
from orderdesk_sdk.web.console.views.orders.page import make_order_page
from orderdesk_sdk.web.console.views.orders.review import CancelChoice
from orderdesk_sdk.web.references import order_ref

__all__ = ["NOTHING_CHOSEN", "order_data", "show_order", "show_order_again", "show_order_live"]

NOTHING_CHOSEN = CancelChoice("", "", (), {})


def show_order(request: Request) -> Response:
    """The page of an order."""
    data = order_data(request, order_named(request))
    record_view(request, str(data["order_id"]))
    return render(request, "order.html", data)


def show_order_live(request: Request) -> Response:
    """What of the page changes by itself, as HTML for console.js."""
    data = order_data(request, order_named(request))
    record_view(request, str(data["order_id"]), is_live=True)
    return render(request, "order_live.html", data)


def show_order_again(
    request: Request,
    order: str,
    choice: CancelChoice,
    problem: OrderDeskError,
    *,
    status: int,
    new_plan: tuple[Plan, str] | None = None,
) -> Response:
    """The page of an order with what kept it from being canceled, and with what was chosen.

    Args:
        new_plan: where the plan has changed: the new one, and the summary of the one that was looked at.
    """
    data = dict(order_data(request, order, new_plan[0] if new_plan is not None else None))
    data |= {"chosen": choice, "problem": problem if new_plan is None else None}
    if new_plan is not None:
        data["changed"] = plan_changes(new_plan[1], new_plan[0])
    return render(request, "order.html", data, status=status)


def order_data(request: Request, order: str, plan: Plan | None = None) -> Mapping[str, object]:
    """What the templates of the order page are given."""
    desk = desk_of(request)
    seen_until = desk.feed.head()  # Before the rest is read: events from then on are told.
    record = read_order(desk, order, plan)
    return {
        "title": f"Order {record.order.number}",
        "order_id": record.order.id,
        "ref": order_ref(record.order.id),
        "page": make_order_page(record, caller_of(request).role),
        "chosen": NOTHING_CHOSEN,
        "problem": None,
        "changed": None,
        "seen_until": seen_until,
    }
