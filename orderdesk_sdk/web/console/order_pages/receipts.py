"""The receipt of an order, its public links, and what these lead to."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.cases.public_receipt import public_receipt
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import form_text, see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of, order_named
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.console.views.orders.public import make_public_page
from orderdesk_sdk.web.console.views.orders.receipt import make_receipt_page
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.references import order_ref

__all__ = ["make_link", "revoke_link", "show_public_receipt", "show_receipt"]

PAGE_LINES = 400
"""Lines of histories on one page."""
_MAX_DIGITS = 18


def show_receipt(request: Request) -> Response:
    """The receipt of an order, as a timeline."""
    return _receipt(request, None)


def make_link(request: Request, _: FormData) -> Response:
    """Make a public link, and show it once: it is kept nowhere."""
    desk, order = desk_of(request), order_named(request)
    made = desk.receipt_links.create(order, by=caller_of(request).name)
    site = desk.config.web.url or str(request.base_url).rstrip("/")
    return _receipt(request, f"{site}/r/{made.token.reveal()}")


def revoke_link(request: Request, form: FormData) -> Response:
    """Let a public link lead nowhere any more."""
    desk, order = desk_of(request), order_named(request)
    link = form_text(form, "link", limit=100)
    if link not in [known.id for known in desk.receipt_links.list(order)]:
        raise NotFoundError("this order has no such link", hint="open its receipt again")
    desk.receipt_links.revoke(link, by=caller_of(request).name)
    return see_other(f"/orders/{request.path_params['ref']}/receipt", "link-revoked")


def show_public_receipt(request: Request) -> Response:
    """What a public link leads to, for whoever has it."""
    desk = desk_of(request)
    order = desk.receipt_links.find(request.path_params["token"])
    page = make_public_page(public_receipt(desk.cancellations.receipt(f"id:{order}")))
    return render(request, "public_receipt.html", {"title": f"Receipt of order {page.order_number}", "page": page})


def _receipt(request: Request, new_link: str | None) -> Response:
    desk, order, caller = desk_of(request), order_named(request), caller_of(request)
    after = request.query_params.get("after", "")
    first = int(after) if after.isascii() and after.isdecimal() and len(after) <= _MAX_DIGITS else 0
    receipt = desk.cancellations.receipt(order, limit=PAGE_LINES, after=first)
    subject, address = order_subject(receipt.order_id), client_address(request.scope)
    desk.audit.record(caller.name, AuditAction.RECEIPT_VIEWED, subject, address=address)
    ref, page = order_ref(receipt.order_id), make_receipt_page(receipt)
    now = SystemClock().now()  # Links end by the machine's clock.
    data = {
        "title": f"Receipt of order {receipt.order_number}",
        "ref": ref,
        "page": page,
        "links": [link for link in desk.receipt_links.list(order) if link.is_usable(now)],
        "links_off": role_refusal(caller.role, Role.SUPERVISOR),
        "new_link": new_link,
        "next_href": f"/orders/{ref}/receipt?after={page.next_after}" if page.next_after is not None else None,
        "first_href": f"/orders/{ref}/receipt" if first else None,
    }
    return render(request, "receipt.html", data)
