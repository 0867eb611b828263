"""Links to the receipt of an order that anybody who has one may follow."""

from __future__ import annotations

from orderdesk_sdk.clock import SystemClock, hours
from orderdesk_sdk.desk.documents import JsonObject, receipt_link_document
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import ReceiptLinkRequest
from orderdesk_sdk.web.api.scope import find_order, own_reference

__all__ = ["list_receipt_links", "make_receipt_link", "revoke_receipt_link"]


def list_receipt_links(call: ApiCall) -> JsonObject:
    """The links of an order, without their tokens."""
    links = call.desk.receipt_links.list(own_reference(find_order(call, call.path["order"])))
    return {"links": [receipt_link_document(link) for link in links]}


def make_receipt_link(call: ApiCall) -> JsonObject:
    """A new link; its path is told this once."""
    days, order = call.body_as(ReceiptLinkRequest).days, find_order(call, call.path["order"])
    expires_at = SystemClock().now() + hours(24 * days)
    made = call.desk.receipt_links.create(own_reference(order), by=call.caller.name, expires_at=expires_at)
    return {"link": receipt_link_document(made.link), "path": f"/r/{made.token.reveal()}"}


def revoke_receipt_link(call: ApiCall) -> JsonObject:
    """The link leads nowhere from now on."""
    order, link_id = find_order(call, call.path["order"]), call.path["link"]
    if link_id not in {link.id for link in call.desk.receipt_links.list(own_reference(order))}:
        raise NotFoundError("the order has no such link")
    return {"link": receipt_link_document(call.desk.receipt_links.revoke(link_id, by=call.caller.name))}
