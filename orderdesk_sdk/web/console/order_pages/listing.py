"""The list of orders: searched, filtered, chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.desk.bulk.lists import MAX_LISTED
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.console.views.orders.listing import OrderRow, make_row
from orderdesk_sdk.web.references import order_id, order_ref

__all__ = ["show_orders"]

PAGE_SIZES = (50, 200, MAX_LISTED)


def show_orders(request: Request) -> Response:
    """The list of orders."""
    desk, query = desk_of(request), request.query_params
    folder = query.get("folder", "")
    limit = next((size for size in PAGE_SIZES if query.get("limit") == str(size)), PAGE_SIZES[0])
    after = query.get("after", "")
    page = desk.orders.search(folder=folder or None, limit=limit, after=f"id:{order_id(after)}" if after else None)
    last = page.next_after.removeprefix("id:") if page.next_after is not None else None
    kept = [("folder", folder), ("limit", str(limit))]
    data = {
        "title": "Orders",
        "rows": make_rows(desk, [summary.order for summary in page.orders]),
        "folder": folder,
        "limit": limit,
        "page_sizes": PAGE_SIZES,
        "folders": _folders(desk),
        "is_filtered": bool(folder),
        "next_href": _address(kept, order_ref(last)) if last is not None else None,
        "first_href": _address(kept, "") if after else None,
        "bulk_off": role_refusal(caller_of(request).role, Role.OPERATOR),
        "unfinished": [bulk for bulk in desk.bulks.recent() if bulk.finished_at is None],
    }
    return render(request, "orders.html", data)


def make_rows(desk: Desk, orders: Sequence[Order]) -> tuple[OrderRow, ...]:
    """The rows of some orders, with where their newest cases stand."""
    rows = []
    for order in orders:
        cases = desk.ledger.cases(CancelCase, order_id=order.id)
        newest = latest_cases(cases, desk.order_store.remote_orders(order.id)) if cases else {}
        rows.append(make_row(order, desk.order_store.folder_of(order.id), tuple(newest.values())))
    return tuple(rows)


def _address(kept: Sequence[tuple[str, str]], after: str) -> str:
    pairs = [(name, value) for name, value in (*kept, ("after", after)) if value]
    return f"/?{urlencode(pairs)}"


def _folders(desk: Desk) -> tuple[str, ...]:
    """The names of the folders, where the order store tells them."""
    try:
        return desk.orders.folders()
    except InvalidStateError:
        return ()
