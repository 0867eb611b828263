"""The pages of orders: which address needs which role, and is handled by what."""

from __future__ import annotations

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.console.order_pages.actions import (
    poll_case,
    read_eligibility,
    resubmit_order,
    retry_case,
    set_status,
    withdraw_case,
    withdraw_order,
)
from orderdesk_sdk.web.console.order_pages.bulk import (
    preview_bulk,
    resume_bulk,
    show_bulk,
    show_bulk_live,
    start_bulk,
)
from orderdesk_sdk.web.console.order_pages.cancel import cancel_order, review_cancel
from orderdesk_sdk.web.console.order_pages.listing import show_orders
from orderdesk_sdk.web.console.order_pages.order import show_order, show_order_live
from orderdesk_sdk.web.console.order_pages.receipts import make_link, revoke_link, show_public_receipt, show_receipt
from orderdesk_sdk.web.console.pages import Page

__all__ = ["ORDER_PAGES"]

ORDER_PAGES: tuple[Page, ...] = (
    Page("/", Role.VIEWER, show_orders),
    Page("/orders/{ref}", Role.VIEWER, show_order),
    Page("/orders/{ref}/live", Role.VIEWER, show_order_live),
    Page("/orders/{ref}/receipt", Role.VIEWER, show_receipt),
    Page("/orders/{ref}/receipt/link", Role.SUPERVISOR, post=make_link),
    Page("/orders/{ref}/receipt/revoke", Role.SUPERVISOR, post=revoke_link),
    Page("/r/{token}", None, show_public_receipt),
    Page("/orders/{ref}/eligibility", Role.OPERATOR, post=read_eligibility),
    Page("/orders/{ref}/review", Role.OPERATOR, post=review_cancel),
    Page("/orders/{ref}/cancel", Role.OPERATOR, post=cancel_order),
    Page("/orders/{ref}/withdraw", Role.OPERATOR, post=withdraw_order),
    Page("/orders/{ref}/status", Role.SUPERVISOR, post=set_status),
    Page("/orders/{ref}/resubmit", Role.SUPERVISOR, post=resubmit_order),
    Page("/orders/{ref}/cases/{case}/withdraw", Role.OPERATOR, post=withdraw_case),
    Page("/orders/{ref}/cases/{case}/poll", Role.OPERATOR, post=poll_case),
    Page("/orders/{ref}/cases/{case}/retry", Role.SUPERVISOR, post=retry_case),
    Page("/bulk", Role.OPERATOR, post=preview_bulk),
    Page("/bulk/start", Role.OPERATOR, post=start_bulk),
    Page("/bulk/{key}", Role.VIEWER, show_bulk),
    Page("/bulk/{key}/live", Role.VIEWER, show_bulk_live),
    Page("/bulk/{key}/resume", Role.OPERATOR, post=resume_bulk),
)
