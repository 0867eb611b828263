"""The operations on orders: look, cancel, withdraw, prove, one or many."""

from __future__ import annotations

from http import HTTPStatus

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.web.api import requests
from orderdesk_sdk.web.api.handlers import bulks, cancellations, orders, receipt_links
from orderdesk_sdk.web.api.operation import KeyUse, Method, Operation
from orderdesk_sdk.web.api.replies.bulks import BulkReply
from orderdesk_sdk.web.api.replies.cases import (
    CancellationStatusDocument,
    CaseReply,
    OrderCasesReply,
    StatusChangeReply,
)
from orderdesk_sdk.web.api.replies.orders import OrderListReply, OrderReply, PlanDocument
from orderdesk_sdk.web.api.replies.receipts import (
    NewReceiptLinkReply,
    ReceiptDocument,
    ReceiptLinkListReply,
    ReceiptLinkReply,
)

__all__ = ["ORDER_OPERATIONS"]

_GET, _POST = Method.GET, Method.POST
_ORDER = "/orders/{order}"

ORDER_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_orders",
        _GET,
        "/orders",
        Role.VIEWER,
        orders.list_orders,
        OrderListReply,
        "The orders, the newest first, and where their cancellation stands.",
        "orders",
        query=requests.OrdersQuery,
        errors=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "get_order",
        _GET,
        _ORDER,
        Role.VIEWER,
        orders.get_order,
        OrderReply,
        "One order, and what is asked of connections for it.",
        "cases",
        audit=AuditAction.ORDER_VIEWED,
    ),
    Operation(
        "get_plan",
        _GET,
        f"{_ORDER}/plan",
        Role.VIEWER,
        orders.get_plan,
        PlanDocument,
        "What a cancellation of the order would do now. Asks no service.",
        "plan",
    ),
    Operation(
        "cancel_order",
        _POST,
        f"{_ORDER}/cancel",
        Role.OPERATOR,
        cancellations.cancel_order,
        CancellationStatusDocument,
        "Cancel the order, as its plan says. It is recorded before this answers, and sent right after.",
        "cancel",
        request=requests.CancelOrderRequest,
        key_use=KeyUse.REQUIRED,
        status=HTTPStatus.ACCEPTED,
        audit=AuditAction.CANCEL_REQUESTED,
    ),
    Operation(
        "withdraw_order",
        _POST,
        f"{_ORDER}/withdraw",
        Role.OPERATOR,
        cancellations.withdraw_order,
        OrderCasesReply,
        "Withdraw the cancellation of the order wherever nothing was sent.",
        "withdraw",
        request=requests.NoteRequest,
        key_use=KeyUse.OPTIONAL,
        audit=AuditAction.WITHDRAWN,
    ),
    Operation(
        "get_receipt",
        _GET,
        f"{_ORDER}/receipt",
        Role.VIEWER,
        orders.get_receipt,
        ReceiptDocument,
        "What was asked, answered and decided, when, by whom, with the evidence.",
        "receipt",
        query=requests.ReceiptQuery,
        audit=AuditAction.RECEIPT_VIEWED,
    ),
    Operation(
        "list_receipt_links",
        _GET,
        f"{_ORDER}/receipt-links",
        Role.VIEWER,
        receipt_links.list_receipt_links,
        ReceiptLinkListReply,
        "The links to the receipt of the order, which need no token.",
        "receipt",
        about_whole_desk=True,
    ),
    Operation(
        "make_receipt_link",
        _POST,
        f"{_ORDER}/receipt-links",
        Role.OPERATOR,
        receipt_links.make_receipt_link,
        NewReceiptLinkReply,
        "Make a link to the receipt of the order, for a customer or a partner.",
        "receipt",
        request=requests.ReceiptLinkRequest,
        key_use=KeyUse.OPTIONAL,
        status=HTTPStatus.CREATED,
        about_whole_desk=True,
    ),
    Operation(
        "revoke_receipt_link",
        _POST,
        f"{_ORDER}/receipt-links/{{link}}/revoke",
        Role.OPERATOR,
        receipt_links.revoke_receipt_link,
        ReceiptLinkReply,
        "Let a link lead nowhere from now on.",
        "receipt",
        key_use=KeyUse.OPTIONAL,
        about_whole_desk=True,
    ),
    Operation(
        "resubmit_order",
        _POST,
        f"{_ORDER}/resubmit",
        Role.SUPERVISOR,
        cancellations.resubmit_order,
        CaseReply,
        "Submit a canceled order again, under a new number.",
        "resubmit",
        request=requests.ResubmitOrderRequest,
        key_use=KeyUse.REQUIRED,
        errors=(HTTPStatus.BAD_GATEWAY,),
        audit=AuditAction.RESUBMITTED,
    ),
    Operation(
        "set_status",
        _POST,
        f"{_ORDER}/status",
        Role.SUPERVISOR,
        cancellations.set_status,
        StatusChangeReply,
        "Give the order a status at its carts.",
        "set-status",
        request=requests.SetStatusRequest,
        key_use=KeyUse.OPTIONAL,
        errors=(HTTPStatus.BAD_GATEWAY,),
        audit=AuditAction.STATUS_SET,
    ),
    Operation(
        "cancel_bulk",
        _POST,
        "/bulk",
        Role.OPERATOR,
        bulks.cancel_bulk,
        BulkReply,
        "Cancel many orders. They are recorded before this answers, and sent right after; refused where none is taken.",
        "cancel",
        request=requests.BulkCancelRequest,
        key_use=KeyUse.REQUIRED,
        status=HTTPStatus.ACCEPTED,
        audit=AuditAction.CANCEL_REQUESTED,
    ),
    Operation(
        "get_bulk",
        _GET,
        "/bulk/{bulk}",
        Role.VIEWER,
        bulks.get_bulk,
        BulkReply,
        "Where the orders of a bulk stand now.",
        "bulk",
    ),
)
