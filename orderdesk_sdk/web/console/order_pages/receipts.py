"""The receipt of an order."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of, order_named
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.orders.receipt import make_receipt_page
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.references import order_ref

__all__ = ["show_receipt"]

PAGE_LINES = 400
"""Lines of histories on one page."""
_MAX_DIGITS = 18


def show_receipt(request: Request) -> Response:
    """The receipt of an order, as a timeline."""
    desk, order = desk_of(request), order_named(request)
    after = request.query_params.get("after", "")
    first = int(after) if after.isascii() and after.isdecimal() and len(after) <= _MAX_DIGITS else 0
    receipt = desk.cancellations.receipt(order, limit=PAGE_LINES, after=first)
    desk.audit.record(
        caller_of(request).name,
        AuditAction.RECEIPT_VIEWED,
        order_subject(receipt.order_id),
        address=client_address(request.scope),
    )
    ref = order_ref(receipt.order_id)
    page = make_receipt_page(receipt)
    data = {
        "title": f"Receipt of order {receipt.order_number}",
        "ref": ref,
        "page": page,
        "next_href": f"/orders/{ref}/receipt?after={page.next_after}" if page.next_after is not None else None,
        "first_href": f"/orders/{ref}/receipt" if first else None,
    }
    return render(request, "receipt.html", data)
